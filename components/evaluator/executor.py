"""Evaluates a model, by slice, and blesses it or doesn't."""

import logging
import os
from typing import Any

import apache_beam as beam
import tensorflow as tf
import tensorflow_model_analysis as tfma
from tensorflow.core.protobuf import saved_model_pb2
from tfx import types
from tfx.components.evaluator import constants
from tfx.dsl.components.base.base_beam_executor import BaseBeamExecutor
from tfx.types import artifact_utils
from tfx.types import standard_component_specs as specs
from tfx.utils import io_utils, path_utils

from components.answering import read_answering
from components.contract import LABEL
from components.errors import TransferlineError
from components.evaluator.answers import Answer, Question
from components.evaluator.baseline import choose_baseline
from components.evaluator.config import Evaluation
from components.evaluator.decision import decide, write_decision
from components.evaluator.eval_config import eval_config, sliced_by
from components.evaluator.metric_names import AREA_OF_CLASSES, top_of
from components.evaluator.predicted import Number, Predicted, read_predicted
from components.evaluator.signatures import SLICE_SIGNATURE
from components.evaluator.statistics import AddStatistics
from components.evaluator.tfma_files import write_answered
from components.ingest.read_counts import with_read
from components.ingest.record_counts import Stored, compared, stored
from components.run_parameters import evaluation_settings

LOGGER = logging.getLogger(__name__)
EVALUATION_CONFIG_KEY, EXAMPLE_WEIGHT_KEY = "evaluation_config", "example_weight"
SPLIT = "test"


class Executor(BaseBeamExecutor):
    """Takes the place of TFX's: the same inputs, the same files and blessing, at the speed of the model."""

    def Do(self, input_dict: dict[str, Any], output_dict: dict[str, Any], exec_properties: dict[str, Any]) -> None:
        """Evaluates the test split, blesses or doesn't, and writes `decision.json` beside TFMA's results.

        Raises:
            TransferlineError: A threshold names a metric that isn't measured; there would be a slice for each number to
                predict; the test split is empty, or has a class that the model doesn't know; the model answers with
                NaN; or records were lost.
        """
        self._log_startup(input_dict, output_dict, exec_properties)
        evaluation = Evaluation.model_validate_json(
            evaluation_settings(exec_properties[EVALUATION_CONFIG_KEY], exec_properties)
        )
        candidate = artifact_utils.get_single_instance(input_dict[specs.MODEL_KEY])
        predicted = _predicted(candidate)
        weight = exec_properties.get(EXAMPLE_WEIGHT_KEY) or ""
        _check_names(evaluation, predicted)
        others = input_dict.get(specs.BASELINE_MODEL_KEY, [])
        examples = stored(SPLIT, artifact_utils.get_split_uris(input_dict[specs.EXAMPLES_KEY], SPLIT))
        _check_any(examples)
        baseline, not_compared = choose_baseline(candidate, others, examples.files)
        if others and not baseline:
            LOGGER.warning(not_compared or "there is no model to compare with: none was blessed yet, or it is gone")
        output_path = artifact_utils.get_single_uri(output_dict[specs.EVALUATION_KEY])
        config = tfma.utils.update_eval_config_with_defaults(
            eval_config(evaluation, predicted, makes_slices=SLICE_SIGNATURE in _signatures(candidate), weight=weight),
            has_baseline=baseline is not None,
            rubber_stamp=True,  # a bound on the change passes where there is nothing to compare with
        )
        models = [candidate, *([baseline] if baseline else [])]
        measured = predicted.measures(threshold.metric for threshold in evaluation.thresholds)
        paths = {
            spec.name: path_utils.serving_model_path(model.uri)
            for spec, model in zip(config.model_specs, models, strict=True)
        }
        answering = {name: read_answering(path) for name, path in paths.items()}
        question = Question(
            models=paths,
            candidate=config.model_specs[0].name,
            predicted=predicted,
            sliced_by=sliced_by(evaluation),
            tops=tuple(filter(None, map(top_of, measured))),
            one_versus_rest=AREA_OF_CLASSES in measured,
            weight=weight,
            # Each model is judged by its own.
            cuts={name: each.cut for name, each in answering.items()},
        )
        with compared({output_path: examples}), self._make_beam_pipeline() as pipeline:
            _ = (
                pipeline
                | "Files" >> beam.Create(examples.files)
                | "Spread" >> beam.Reshuffle()
                | "Answer" >> beam.ParDo(Answer(question))
                | "Add" >> beam.CombineGlobally(with_read(AddStatistics()))
                | "Write" >> beam.Map(write_answered, config=config, models=question.models, folder=output_path)
            )
        decision = decide(
            evaluation,
            output_path,
            baseline.uri if baseline else "",
            predicted,
            not_compared=not_compared,
            by_recall=answering[question.candidate].gives_up_accuracy,
        )
        write_decision(decision, output_path)
        blessing = artifact_utils.get_single_instance(output_dict[specs.BLESSING_KEY])
        _bless(blessing, candidate, baseline if decision.baseline_uri else None, blessed=decision.blessed)


def _bless(
    blessing: types.Artifact, candidate: types.Artifact, baseline: types.Artifact | None, *, blessed: bool
) -> None:
    """Writes TFX's blessing: an empty file, and what it says of whom.

    A cluster may give its artifacts no names, and so no IDs. TFX's entry point there looks for the name of every ID,
    and would fail at 0.
    """
    blessing.set_int_custom_property(
        constants.ARTIFACT_PROPERTY_BLESSED_KEY, constants.BLESSED_VALUE if blessed else constants.NOT_BLESSED_VALUE
    )
    blessing.set_string_custom_property(constants.ARTIFACT_PROPERTY_CURRENT_MODEL_URI_KEY, candidate.uri)
    if candidate.id:
        blessing.set_int_custom_property(constants.ARTIFACT_PROPERTY_CURRENT_MODEL_ID_KEY, candidate.id)
    if baseline:
        blessing.set_string_custom_property(constants.ARTIFACT_PROPERTY_BASELINE_MODEL_URI_KEY, baseline.uri)
        if baseline.id:
            blessing.set_int_custom_property(constants.ARTIFACT_PROPERTY_BASELINE_MODEL_ID_KEY, baseline.id)
    name = constants.BLESSED_FILE_NAME if blessed else constants.NOT_BLESSED_FILE_NAME
    io_utils.write_string_file(os.path.join(blessing.uri, name), "")


def _check_any(examples: Stored) -> None:
    if not examples.records:
        raise TransferlineError(
            "There are no examples in the test split, so nothing can be said of the model.",
            place="the test split",
            cure="Give the test split a share of the data, as data.split says.",
        )


def _predicted(model: types.Artifact) -> Predicted:
    return read_predicted(path_utils.serving_model_path(model.uri))


def _signatures(model: types.Artifact) -> set[str]:
    saved = saved_model_pb2.SavedModel()
    with tf.io.gfile.GFile(os.path.join(path_utils.serving_model_path(model.uri), "saved_model.pb"), "rb") as file:
        saved.ParseFromString(file.read())
    return {name for graph in saved.meta_graphs for name in graph.signature_def}


def _check_names(evaluation: Evaluation, predicted: Predicted) -> None:
    named = sorted({threshold.metric for threshold in evaluation.thresholds})
    unknown = [name for name in named if not predicted.knows(name)]
    if unknown:
        raise TransferlineError(
            f"A threshold names {', '.join(unknown)}, which isn't measured for {predicted.in_words}.",
            place="evaluation.thresholds",
            cure=f"Use one of {predicted.metrics_in_words}.",
        )
    if isinstance(predicted, Number) and LABEL in sliced_by(evaluation):
        raise TransferlineError(
            "A slice by the label would hold one number each, since the label is a number to predict.",
            place="evaluation.slices",
            cure="Slice by a column that is known beforehand, or by quarters of one (transform.slices).",
        )
