"""Defines the executor of the Trainer."""

import json
from typing import Any

from tfx import types
from tfx.components.trainer import executor as tfx_trainer
from tfx.types import artifact_utils

from components.only_file import by_name
from components.run_parameters import trainer_config

SOURCE_FINGERPRINT = "source_fingerprint"
"""The execution property that holds the hash of the code a step runs."""

TUNER_RESULTS = "tuner_results"
"""The input with what the Tuner trained; in the settings that `run_fn` gets, its folder."""


class Executor(tfx_trainer.GenericExecutor):
    """TFX's own, with more for `run_fn`: a run's epochs, the fingerprint of its code, what the Tuner trained."""

    def Do(
        self,
        input_dict: dict[str, list[types.Artifact]],
        output_dict: dict[str, list[types.Artifact]],
        exec_properties: dict[str, Any],
    ) -> None:
        """Trains; see TFX."""
        # By the fingerprint, checkpoints of other code are left alone.
        config = trainer_config(exec_properties) | {SOURCE_FINGERPRINT: exec_properties.get(SOURCE_FINGERPRINT)}
        if input_dict.get(TUNER_RESULTS):
            config[TUNER_RESULTS] = artifact_utils.get_single_uri(input_dict[TUNER_RESULTS])
        with by_name():
            super().Do(input_dict, output_dict, exec_properties | {"custom_config": json.dumps(config)})
