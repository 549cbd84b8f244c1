"""Defines TFX's Trainer with run parameters and the results of a Tuner."""

from typing import Any

from tfx import types
from tfx.components.trainer.component import Trainer as TfxTrainer
from tfx.dsl.components.base.base_component import BaseComponent
from tfx.dsl.components.base.executor_spec import ExecutorClassSpec
from tfx.proto.trainer_pb2 import EvalArgs, TrainArgs
from tfx.types import standard_artifacts
from tfx.types import standard_component_specs as specs
from tfx.types.component_spec import ChannelParameter
from tfx.utils import json_utils

from components.trainer.executor import TUNER_RESULTS, Executor


class TrainerSpec(specs.TrainerSpec):
    """TFX's, with what the Tuner trained as one more input."""

    PARAMETERS = specs.TrainerSpec.PARAMETERS
    INPUTS = {
        **specs.TrainerSpec.INPUTS,
        TUNER_RESULTS: ChannelParameter(type=standard_artifacts.TunerResults, optional=True),
    }
    OUTPUTS = specs.TrainerSpec.OUTPUTS
    TYPE_ANNOTATION = specs.TrainerSpec.TYPE_ANNOTATION


class Trainer(TfxTrainer):
    """Trains one model. Outputs are those of TFX's Trainer."""

    SPEC_CLASS = TrainerSpec
    EXECUTOR_SPEC = ExecutorClassSpec(Executor)

    def __init__(
        self,
        run_fn: str,
        examples: types.BaseChannel,
        transform_graph: types.BaseChannel,
        schema: types.BaseChannel,
        train_args: TrainArgs,
        eval_args: EvalArgs,
        custom_config: dict[str, Any],
        hyperparameters: types.BaseChannel | None = None,
        tuner_results: types.BaseChannel | None = None,
    ) -> None:
        """Declares the training.

        Args:
            run_fn: Dotted path of the function that trains.
            examples: Its photos or rows.
            transform_graph: Of the Transform step.
            schema: Of the examples.
            train_args: Which splits to train with.
            eval_args: Which to validate on.
            custom_config: What `run_fn` is told.
            hyperparameters: The Tuner's choice, where there is a Tuner.
            tuner_results: Its results, with the weights of the model that it chose.
        """
        spec = TrainerSpec(
            run_fn=run_fn,
            examples=examples,
            transform_graph=transform_graph,
            schema=schema,
            train_args=train_args,
            eval_args=eval_args,
            custom_config=json_utils.dumps(custom_config),
            hyperparameters=hyperparameters,
            tuner_results=tuner_results,
            model=types.Channel(type=standard_artifacts.Model),
            model_run=types.Channel(type=standard_artifacts.ModelRun),
        )
        BaseComponent.__init__(self, spec=spec)
