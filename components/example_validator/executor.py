"""Defines the executor of ExampleValidator."""

from typing import Any

from tfx import types
from tfx.components.example_validator import executor as tfx_example_validator

from components.only_file import by_name


class Executor(tfx_example_validator.Executor):
    """TFX's own, which finds the schema beside what else lies in its folder."""

    def Do(
        self,
        input_dict: dict[str, list[types.Artifact]],
        output_dict: dict[str, list[types.Artifact]],
        exec_properties: dict[str, Any],
    ) -> None:
        """Validates; see TFX."""
        with by_name():
            super().Do(input_dict, output_dict, exec_properties)
