"""Reads each threshold and the value compared with it from TFMA's output."""

import os
from collections.abc import Iterator, Mapping

import tensorflow as tf
import tensorflow_model_analysis as tfma
from typing_extensions import assert_never

from components.evaluator.config import Evaluation, Threshold
from components.evaluator.guessing import guessing_check, number_guessing_check
from components.evaluator.metric_names import is_of_class
from components.evaluator.paired import read_paired
from components.evaluator.predicted import Classes, Number, Predicted
from components.evaluator.results import confusion_of, read_metrics, read_moments, read_plots
from components.outcome import ALL_EXAMPLES, BoundKind, Decision, ThresholdCheck

DECISION_FILE = "decision.json"

SliceMetrics = dict[str, dict[str, float]]


def decide(evaluation: Evaluation, output_path: str, baseline_uri: str, predicted: Predicted) -> Decision:
    """Sets each threshold beside the value that TFMA measured.

    Args:
        evaluation: The thresholds.
        output_path: Where TFMA wrote its metrics and validation.
        baseline_uri: What it is compared with, "" if there is nothing.
        predicted: What the model predicts.

    Returns:
        The decision; `blessed` is TFMA's own verdict and, where that is asked, that the model is better than guessing.

    Raises:
        RuntimeError: The checks say otherwise than TFMA: a fault of this module.
    """
    model_name = tfma.CANDIDATE_KEY if baseline_uri else ""
    candidate = _metrics_by_slice(output_path, model_name)
    baseline = _metrics_by_slice(output_path, tfma.BASELINE_KEY) if baseline_uri else {}
    checks = [check for threshold in evaluation.thresholds for check in _checks(threshold, candidate, baseline)]
    named = {threshold.metric for threshold in evaluation.thresholds}
    blessed = tfma.load_validation_result(output_path).validation_ok
    if blessed != all(check.passed for check in checks):
        raise RuntimeError(f"TFMA's verdict is {blessed}, which the checks don't bear out: {checks}")
    if evaluation.better_than_guessing:
        checks.insert(0, _beside_guessing(predicted, output_path, model_name, candidate[ALL_EXAMPLES]))
    return Decision(
        blessed=all(check.passed for check in checks),
        metrics={
            name: value for name, value in candidate[ALL_EXAMPLES].items() if name in named or not is_of_class(name)
        },
        checks=tuple(checks),
        baseline_uri=baseline_uri,
        paired=read_paired(output_path),
    )


def write_decision(decision: Decision, folder: str) -> None:
    """Writes `decision.json` beside TFMA's own files."""
    with tf.io.gfile.GFile(os.path.join(folder, DECISION_FILE), "w") as file:
        file.write(decision.model_dump_json(indent=2))


def read_decision(folder: str) -> Decision:
    """Reads `decision.json` from an evaluation's folder."""
    with tf.io.gfile.GFile(os.path.join(folder, DECISION_FILE)) as file:
        return Decision.model_validate_json(file.read())


def _beside_guessing(
    predicted: Predicted, output_path: str, model_name: str, metrics: Mapping[str, float]
) -> ThresholdCheck:
    match predicted:
        case Classes(names):
            confusion = confusion_of(read_plots(output_path, model_name)[ALL_EXAMPLES], metrics, len(names))
            return guessing_check(confusion, metrics["example_count"], ALL_EXAMPLES)
        case Number():
            return number_guessing_check(read_moments(output_path, model_name)[ALL_EXAMPLES], ALL_EXAMPLES)
        case _:
            assert_never(predicted)


def _metrics_by_slice(output_path: str, model_name: str) -> SliceMetrics:
    """Returns the metrics that have a value, by slice and name."""
    return {
        name: {metric: value for metric, value in metrics.items() if value is not None}
        for name, metrics in read_metrics(output_path, model_name).items()
    }


def _checks(threshold: Threshold, candidate: SliceMetrics, baseline: SliceMetrics) -> Iterator[ThresholdCheck]:
    for slice_name in _slices_of(threshold, candidate):
        value = candidate.get(slice_name, {}).get(threshold.metric)
        before = baseline.get(slice_name, {}).get(threshold.metric)
        for kind, bound in _bounds(threshold):
            yield ThresholdCheck(
                metric=threshold.metric,
                slice=slice_name,
                kind=kind,
                value=value,
                bound=bound,
                baseline=before,
                passed=_passes(kind, bound, value, before, has_baseline=bool(baseline)),
            )


def _slices_of(threshold: Threshold, candidate: SliceMetrics) -> list[str]:
    """The slices a threshold applies to; one that no example fell into is named too, since it doesn't pass."""
    if not threshold.slice:
        return [ALL_EXAMPLES]
    if threshold.slice_value is not None:
        return [threshold.slice]
    return sorted(name for name in candidate if name.startswith(f"{threshold.slice}=")) or [threshold.slice]


def _bounds(threshold: Threshold) -> Iterator[tuple[BoundKind, float]]:
    kinds: tuple[BoundKind, ...] = ("at_least", "at_most", "max_drop", "max_rise")
    for kind in kinds:
        bound = getattr(threshold, kind)
        if bound is not None:
            yield kind, bound


def _passes(kind: BoundKind, bound: float, value: float | None, before: float | None, *, has_baseline: bool) -> bool:
    if value is None:
        return False
    if kind == "at_least":
        return value >= bound
    if kind == "at_most":
        return value <= bound
    if not has_baseline:
        return True
    if before is None:
        return False
    return before - value <= bound if kind == "max_drop" else value - before <= bound
