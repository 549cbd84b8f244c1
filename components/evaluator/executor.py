"""Evaluates a classifier with TFMA; the number of classes comes from the model."""

import json
import logging
import os
from typing import Any

import tensorflow as tf
from google.protobuf import json_format
from tensorflow.core.protobuf import saved_model_pb2
from tfx import types
from tfx.components.evaluator import constants
from tfx.components.evaluator import executor as tfx_evaluator
from tfx.types import artifact_utils
from tfx.types import standard_component_specs as specs
from tfx.utils import json_utils, path_utils

from components.errors import TransferlineError
from components.evaluator.config import Evaluation
from components.evaluator.decision import decide, write_decision
from components.evaluator.eval_config import SLICE_SIGNATURE, eval_config
from components.evaluator.metric_names import metric_names
from components.run_parameters import evaluation_settings

LOGGER = logging.getLogger(__name__)
EVALUATION_CONFIG_KEY = "evaluation_config"
CLASSES_FILE = os.path.join("assets.extra", "class_names.json")


class Executor(tfx_evaluator.Executor):
    """TFX's Evaluator, which is told its EvalConfig here: how many classes there are only the model knows."""

    def Do(self, input_dict: dict[str, Any], output_dict: dict[str, Any], exec_properties: dict[str, Any]) -> None:
        """Evaluates the test split, blesses or doesn't, and writes `decision.json` beside TFMA's results.

        Raises:
            TransferlineError: A threshold names a metric that isn't measured, or the test split is empty.
        """
        evaluation = Evaluation.model_validate_json(
            evaluation_settings(exec_properties[EVALUATION_CONFIG_KEY], exec_properties)
        )
        model = artifact_utils.get_single_instance(input_dict[specs.MODEL_KEY])
        names = _class_names(model)
        classes = len(names)
        _check_metric_names(evaluation, classes)
        config = eval_config(evaluation, classes, makes_slices=SLICE_SIGNATURE in _signatures(model))
        baseline = [other for other in input_dict.get(specs.BASELINE_MODEL_KEY, []) if _class_names(other) == names]
        if input_dict.get(specs.BASELINE_MODEL_KEY) and not baseline:
            LOGGER.warning(
                "there is no model to compare with: none was blessed yet, or it is gone or tells other classes apart"
            )
        super().Do(
            input_dict | {specs.BASELINE_MODEL_KEY: baseline},
            output_dict,
            exec_properties
            | {
                specs.EVAL_CONFIG_KEY: json_format.MessageToJson(config, preserving_proto_field_name=True),
                specs.EXAMPLE_SPLITS_KEY: json_utils.dumps(["test"]),
            },
        )
        _forget_unknown_models(artifact_utils.get_single_instance(output_dict[specs.BLESSING_KEY]))
        output_path = artifact_utils.get_single_uri(output_dict[specs.EVALUATION_KEY])
        write_decision(decide(evaluation, output_path, baseline[0].uri if baseline else ""), output_path)


def _forget_unknown_models(blessing: types.Artifact) -> None:
    """Takes the IDs of models that have none out of a blessing.

    A cluster may give its artifacts no names. TFX's entry point there looks for the name of every ID, and would fail.
    """
    for key in (constants.ARTIFACT_PROPERTY_CURRENT_MODEL_ID_KEY, constants.ARTIFACT_PROPERTY_BASELINE_MODEL_ID_KEY):
        if blessing.has_custom_property(key) and not blessing.get_int_custom_property(key):
            del blessing.mlmd_artifact.custom_properties[key]


def _class_names(model: types.Artifact) -> list[str]:
    """Reads what the Trainer wrote beside the model; [] where the model is gone."""
    path = os.path.join(path_utils.serving_model_path(model.uri), CLASSES_FILE)
    if not tf.io.gfile.exists(path):
        return []
    with tf.io.gfile.GFile(path) as file:
        return list(json.loads(file.read()))


def _signatures(model: types.Artifact) -> set[str]:
    saved = saved_model_pb2.SavedModel()
    with tf.io.gfile.GFile(os.path.join(path_utils.serving_model_path(model.uri), "saved_model.pb"), "rb") as file:
        saved.ParseFromString(file.read())
    return {name for graph in saved.meta_graphs for name in graph.signature_def}


def _check_metric_names(evaluation: Evaluation, classes: int) -> None:
    known = metric_names(classes)
    unknown = sorted({threshold.metric for threshold in evaluation.thresholds} - set(known))
    if unknown:
        raise TransferlineError(
            f"A threshold names {', '.join(unknown)}, which isn't measured for {classes} classes.",
            place="evaluation.thresholds",
            cure=f"Use one of {', '.join(known)}.",
        )
