"""Defines run parameters: values given to a run on a cluster at submission, in place of the compiled ones.

On Kubeflow Pipelines and Vertex AI a step gets each as an execution property of its own, beside its settings.
"""

import json
import os
from collections.abc import Mapping
from typing import Any

from components.errors import TransferlineError

ENTERED = "TRANSFERLINE_STEP"
"""Is set in the environment of a step on a cluster by its entry point, `pipeline.cluster.step`."""

DATA_PATH = "data_path"
THRESHOLDS = "thresholds"
EPOCHS = {
    "feature_extraction_epochs": ("feature_extraction", "epochs"),
    "fine_tuning_epochs": ("fine_tuning", "epochs"),
    "max_epochs": ("max_epochs",),
}
"""Where each stands in the Trainer's settings; the first two are of photos, the last of rows."""


def data_settings(exec_properties: Mapping[str, Any]) -> str:
    """Returns an ExampleGen's settings as JSON, with the path that the run was given.

    Raises:
        TransferlineError: A cluster's run didn't enter by our entry point; what 0.1.0 and 0.2.0 compiled calls TFX's.
    """
    if exec_properties.get(DATA_PATH) and ENTERED not in os.environ:
        raise TransferlineError(
            "The pipeline was compiled by a Transferline before 0.3.0, whose steps the image doesn't run.",
            place=f"the step that reads {exec_properties[DATA_PATH]}",
            cure="Compile the pipeline anew, and submit that.",
        )
    settings = json.loads(exec_properties["data"])
    return json.dumps(settings | {"path": exec_properties.get(DATA_PATH) or settings["path"]})


def evaluation_settings(evaluation: str, exec_properties: Mapping[str, Any]) -> str:
    """Returns the Evaluator's settings as JSON, with the thresholds that the run was given, a JSON list."""
    given = exec_properties.get(THRESHOLDS)
    return json.dumps(json.loads(evaluation) | {"thresholds": json.loads(given)}) if given else evaluation


def trainer_config(exec_properties: Mapping[str, Any]) -> dict[str, Any]:
    """Returns the `custom_config` of a Trainer or Tuner with the epochs that the run was given."""
    config: dict[str, Any] = json.loads(exec_properties["custom_config"])
    for name, path in EPOCHS.items():
        if exec_properties.get(name) is not None:
            _set(config["trainer"], path, int(exec_properties[name]))
    return config


def _set(settings: dict[str, Any], path: tuple[str, ...], value: int) -> None:
    for name in path[:-1]:
        settings = settings[name]
    settings[path[-1]] = value
