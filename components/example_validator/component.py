"""Defines TFX's ExampleValidator with our executor."""

from tfx.components.example_validator.component import ExampleValidator as TfxExampleValidator
from tfx.dsl.components.base.executor_spec import ExecutorClassSpec

from components.example_validator.executor import Executor


class ExampleValidator(TfxExampleValidator):
    """Compares statistics with the schema.

    Outputs: `anomalies` (ExampleAnomalies: `SchemaDiff.pb` of each split).
    """

    EXECUTOR_SPEC = ExecutorClassSpec(Executor)
