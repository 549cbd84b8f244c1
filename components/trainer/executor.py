"""The executor of the Trainer."""

from typing import Any

from tfx import types
from tfx.components.trainer import executor as tfx_trainer

from components.run_parameters import trainer_config


class Executor(tfx_trainer.GenericExecutor):
    """TFX's own, with the epochs that a run on a cluster was given."""

    def Do(  # noqa: N802 - TFX's name.
        self,
        input_dict: dict[str, list[types.Artifact]],
        output_dict: dict[str, list[types.Artifact]],
        exec_properties: dict[str, Any],
    ) -> None:
        """Trains; see TFX."""
        super().Do(input_dict, output_dict, exec_properties | {"custom_config": trainer_config(exec_properties)})
