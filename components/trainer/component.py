"""Defines TFX's Trainer with run parameters."""

from tfx.components.trainer.component import Trainer as TfxTrainer
from tfx.dsl.components.base.executor_spec import ExecutorClassSpec

from components.trainer.executor import Executor


class Trainer(TfxTrainer):
    """Trains one model. Inputs and outputs are those of TFX's Trainer."""

    EXECUTOR_SPEC = ExecutorClassSpec(Executor)
