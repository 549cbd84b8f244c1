"""Defines the executor of the Tuner."""

import json
from typing import Any

from tfx import types
from tfx.components.tuner import executor as tfx_tuner
from tfx.types import artifact_utils
from tfx.types import standard_component_specs as specs

from components.only_file import by_name
from components.run_parameters import trainer_config


class Executor(tfx_tuner.Executor):
    """TFX's own, but for where the trials work: in the results, so that their curves outlive the step."""

    def Do(
        self,
        input_dict: dict[str, list[types.Artifact]],
        output_dict: dict[str, list[types.Artifact]],
        exec_properties: dict[str, Any],
    ) -> None:
        """Searches, and writes the best hyperparameters and the results."""
        folder = artifact_utils.get_single_uri(output_dict[specs.TUNER_RESULTS_KEY])
        given = exec_properties | {"custom_config": json.dumps(trainer_config(exec_properties))}
        with by_name():
            tuner = tfx_tuner.search(input_dict, given, folder, print_tuning_summary=False)
        tfx_tuner.write_best_hyperparameters(tuner, output_dict)
