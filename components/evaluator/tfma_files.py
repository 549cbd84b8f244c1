"""Works out TFMA's metrics from statistics, with TFMA's own formulas, and writes them in its own format."""

import os
from collections.abc import Callable, Iterable, Mapping
from types import SimpleNamespace
from typing import Any, TypeAlias

import numpy as np
import tensorflow as tf
import tensorflow_model_analysis as tfma
from google.protobuf import json_format
from google.protobuf.message import Message
from tensorflow_model_analysis.evaluators.metrics_validator import validate_metrics
from tensorflow_model_analysis.metrics import (
    binary_confusion_matrices,
    calibration_histogram,
    metric_specs,
    multi_class_confusion_matrix_metrics,
)
from tensorflow_model_analysis.metrics.metric_types import MetricComputation, MetricKey, PlotKey
from tensorflow_model_analysis.proto import config_pb2
from tensorflow_model_analysis.writers import metrics_plots_and_validations_writer as tfma_writer

from components.evaluator.error_metrics import RESIDUALS
from components.evaluator.metric_names import EXAMPLE_COUNT, WEIGHTED_COUNT, top_of
from components.evaluator.paired import PAIRED, UNANSWERED, write_paired
from components.evaluator.residuals import ABSOLUTE, SQUARED, moments_of
from components.evaluator.statistics import (
    CONFUSION,
    COUNT,
    HISTOGRAM,
    ONE_VERSUS_REST,
    SQUARED_WEIGHTS,
    Found,
    SliceKey,
    Statistics,
    classes_of,
    histogram_of,
)
from components.evaluator.weight_metrics import WEIGHTS
from components.ingest.record_counts import Read, lost, write_read
from components.operating_point import EVEN

Metrics: TypeAlias = dict[MetricKey, Any]

NOTHING = Statistics({}, {})
METRICS, PLOTS, ATTRIBUTIONS = "metrics", "plots", "attributions"


def write_answered(
    answered: tuple[Read, Found], config: config_pb2.EvalConfig, models: Mapping[str, str], folder: str
) -> None:
    """Writes what there is to be said of all examples, and which they were.

    Args:
        answered: The examples that were read, and their statistics.
        config: As TFX completes it.
        models: Paths of the models by name.
        folder: Where to write.

    Raises:
        TransferlineError: Records were lost.
    """
    read, found = answered
    # Kubeflow names a folder that isn't there yet.
    tf.io.gfile.makedirs(folder)
    if found:
        if found.get(PAIRED, NOTHING).totals.get(UNANSWERED):
            found, config, models = _without_baseline(found, config, models)
        _check_sums(read, found, folder)
        write_evaluation(found, config, models, folder)
    write_read(read, folder)


def _without_baseline(
    found: Found, config: config_pb2.EvalConfig, models: Mapping[str, str]
) -> tuple[Found, config_pb2.EvalConfig, Mapping[str, str]]:
    """The same as if there were no baseline, which doesn't answer all examples; how many is kept."""
    alone = tfma.utils.update_eval_config_with_defaults(config, has_baseline=False, rubber_stamp=True)
    (spec,) = alone.model_specs
    of_candidate = {(key, spec.name): each for (key, name), each in found.items() if name == tfma.CANDIDATE_KEY}
    return {**of_candidate, PAIRED: found[PAIRED]}, alone, {spec.name: models[tfma.CANDIDATE_KEY]}


def _check_sums(read: Read, found: Found, folder: str) -> None:
    """Compares the examples that each model has in all with those that were read."""
    for (key, model), statistics in found.items():
        examples = statistics.totals.get(COUNT, statistics.totals["examples"])
        if not key and examples != sum(read.values()):
            raise lost(f"{sum(read.values())} examples were read, {model} has {examples:.0f}", folder)


def write_evaluation(found: Found, config: config_pb2.EvalConfig, models: Mapping[str, str], folder: str) -> None:
    """Writes what TFMA would write, and how the model and the baseline compare example by example.

    Args:
        found: The statistics.
        config: As TFX completes it.
        models: Paths of the models by name.
        folder: Where to write.
    """
    found = dict(found)
    paired = found.pop(PAIRED, None)
    computations = metric_specs.to_computations(list(config.metrics_specs), eval_config=config)
    validations = tfma_writer.CombineValidations(config)
    verdict, bounded = validations.create_accumulator(), _bounded(config)
    files: dict[str, list[Message]] = {METRICS: [], PLOTS: [], ATTRIBUTIONS: []}
    for key, by_model in sorted(_by_slice(found).items()):
        computed = _computed(computations, by_model)
        plots = {name: value for name, value in computed.items() if isinstance(name, PlotKey)}
        metrics = {name: value for name, value in computed.items() if not isinstance(name, PlotKey)}
        metrics |= _differences(metrics)
        files[METRICS].append(tfma_writer.convert_slice_metrics_to_proto((key, metrics), []))
        files[PLOTS].append(tfma_writer.convert_slice_plots_to_proto((key, plots), []))
        files[ATTRIBUTIONS].append(tfma_writer.convert_slice_attributions_to_proto((key, {})))
        verdict = validations.add_input(verdict, validate_metrics((key, metrics), bounded))
    for name, messages in files.items():
        _write_records(messages, os.path.join(folder, f"{name}-00000-of-00001.tfrecord"))
    _write_records([validations.extract_output(verdict)], os.path.join(folder, "validations.tfrecord"))
    write_paired(paired, folder)
    run = config_pb2.EvalRun(eval_config=config, version=tfma.VERSION_STRING, model_locations=dict(models))
    with tf.io.gfile.GFile(os.path.join(folder, "eval_config.json"), "w") as file:
        file.write(json_format.MessageToJson(run))


def _bounded(config: config_pb2.EvalConfig) -> config_pb2.EvalConfig:
    """The configuration with those metrics alone that have thresholds: TFMA makes each metric anew for each slice."""
    bounded = config_pb2.EvalConfig()
    bounded.CopyFrom(config)
    for spec in bounded.metrics_specs:
        metrics = [metric for metric in spec.metrics if metric.per_slice_thresholds]
        del spec.metrics[:]
        spec.metrics.extend(metrics)
    return bounded


def _by_slice(found: Found) -> dict[SliceKey, dict[str, Statistics]]:
    by_slice: dict[SliceKey, dict[str, Statistics]] = {}
    for (key, model), statistics in found.items():
        by_slice.setdefault(key, {})[model] = statistics
    return by_slice


def _computed(computations: Iterable[Any], statistics: Mapping[str, Statistics]) -> Metrics:
    """Gives TFMA's computations what they start from, and lets it derive the rest from that."""
    metrics: Metrics = {}
    for computation in computations:
        if set(computation.keys) <= set(metrics):
            continue
        if isinstance(computation, MetricComputation):
            metrics |= {key: _base(key)(statistics[key.model_name]) for key in computation.keys}
        else:
            metrics |= computation.result(metrics)
    return {key: value for key, value in metrics.items() if not key.name.startswith("_")}


def _base(key: MetricKey) -> Callable[[Statistics], Any]:
    """What TFMA would compute example by example; what stands behind a colon are its settings."""
    if top_of(key.name):
        return _mean(key.name)
    if key.sub_key is not None:
        class_id = key.sub_key.class_id
        return lambda statistics: histogram_of(statistics.tables[ONE_VERSUS_REST], class_id)
    return BASES[key.name.partition(":")[0]]


def _mean(name: str) -> Callable[[Statistics], float]:
    return lambda statistics: _divided(statistics.totals[name], statistics.totals["examples"])


def _divided(sum_of_all: float, weight: float) -> float:
    """NaN where all examples weigh nothing."""
    return sum_of_all / weight if weight else float("nan")


def _confusion(statistics: Statistics) -> binary_confusion_matrices.Matrices:
    names = {"tp": "true_positives", "tn": "true_negatives", "fp": "false_positives", "fn": "false_negatives"}
    counts = {short: [statistics.totals[name]] for short, name in names.items()}
    # The counts are those of the model's own cut. TFMA asks for them by the threshold of one half, for both models.
    return binary_confusion_matrices.Matrices(thresholds=[EVEN], **counts)


def _histogram(statistics: Statistics) -> list[calibration_histogram.Bucket]:
    table = statistics.tables[HISTOGRAM]
    return [
        calibration_histogram.Bucket(bucket, *sums)
        for bucket, sums in zip(table.cells.tolist(), table.sums.tolist(), strict=True)
    ]


def _label_and_prediction(statistics: Statistics) -> SimpleNamespace:
    return SimpleNamespace(
        total_weighted_labels=statistics.totals["labels"],
        total_weighted_predictions=statistics.totals["predictions"],
        total_weighted_examples=statistics.totals["examples"],
    )


def _confusion_of_classes(statistics: Statistics) -> multi_class_confusion_matrix_metrics.Matrices:
    table = statistics.tables[CONFUSION]
    entries = {
        multi_class_confusion_matrix_metrics.MatrixEntryKey(*classes_of(cell)): count
        for cell, (count,) in zip(table.cells.tolist(), table.sums.tolist(), strict=True)
    }
    return multi_class_confusion_matrix_metrics.Matrices({0.0: entries})


BASES: dict[str, Callable[[Statistics], Any]] = {
    EXAMPLE_COUNT: lambda statistics: statistics.totals.get(COUNT, statistics.totals["examples"]),
    WEIGHTED_COUNT: lambda statistics: statistics.totals["examples"],
    "crossentropy": _mean("crossentropy"),
    "accuracy": _mean("hits"),
    "_binary_confusion_matrices": _confusion,
    "_calibration_histogram": _histogram,
    "_weighted_labels_predictions_examples": _label_and_prediction,
    "_multi_class_confusion_matrices": _confusion_of_classes,
    "mse": lambda statistics: moments_of(statistics).mean(SQUARED),
    "mae": lambda statistics: moments_of(statistics).mean(ABSOLUTE),
    RESIDUALS: lambda statistics: statistics,
    WEIGHTS: lambda statistics: np.array([statistics.totals["examples"], statistics.totals[SQUARED_WEIGHTS]]),
}
"""By the names of TFMA's computations that don't derive from others; the accuracy of two classes does."""


def _differences(metrics: Metrics) -> Metrics:
    """The candidate's values less the baseline's."""
    return {
        key.make_diff_key(): value - metrics[before]
        for key, value in metrics.items()
        if (before := key.make_baseline_key(tfma.BASELINE_KEY)) in metrics and before != key
    }


def _write_records(messages: Iterable[Message], path: str) -> None:
    with tf.io.TFRecordWriter(path) as writer:
        for message in messages:
            writer.write(message.SerializeToString())
