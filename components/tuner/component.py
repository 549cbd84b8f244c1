"""Defines TFX's Tuner with the learning curves of each model as an output."""

from tfx.components.tuner.component import Tuner as TfxTuner
from tfx.dsl.components.base.executor_spec import ExecutorClassSpec

from components.tuner.executor import Executor


class Tuner(TfxTuner):
    """Trains several models and names the best.

    Outputs: `best_hyperparameters` (HyperParameters), `tuner_results` (TunerResults: TFX's table of the trials, and a
    folder with the curves and TensorBoard logs of each model).
    """

    EXECUTOR_SPEC = ExecutorClassSpec(Executor)
