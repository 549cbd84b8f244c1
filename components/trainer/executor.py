"""Defines the executor of the Trainer."""

import json
from typing import Any

from tfx import types
from tfx.components.trainer import executor as tfx_trainer

from components.run_parameters import trainer_config

SOURCE_FINGERPRINT = "source_fingerprint"
"""The execution property that holds the hash of the code a step runs."""


class Executor(tfx_trainer.GenericExecutor):
    """TFX's own, with the epochs that a run on a cluster was given and the fingerprint of the code that trains."""

    def Do(
        self,
        input_dict: dict[str, list[types.Artifact]],
        output_dict: dict[str, list[types.Artifact]],
        exec_properties: dict[str, Any],
    ) -> None:
        """Trains; see TFX."""
        # By the fingerprint, checkpoints of other code are left alone.
        config = trainer_config(exec_properties) | {SOURCE_FINGERPRINT: exec_properties.get(SOURCE_FINGERPRINT)}
        super().Do(input_dict, output_dict, exec_properties | {"custom_config": json.dumps(config)})
