"""Reads each threshold and the value compared with it from TFMA's output."""

import math
import os
from collections.abc import Iterator, Mapping
from operator import itemgetter
from typing import TypeAlias

import tensorflow as tf
import tensorflow_model_analysis as tfma
from typing_extensions import assert_never

from components.evaluator.config import Evaluation, Threshold
from components.evaluator.eval_config import slicing_spec
from components.evaluator.guessing import guessing_check, number_guessing_check
from components.evaluator.metric_names import is_of_class
from components.evaluator.paired import read_paired
from components.evaluator.predicted import Classes, Number, Predicted
from components.evaluator.results import (
    confusion_of,
    effective_count,
    read_metrics,
    read_moments,
    read_plots,
    read_values,
    slice_name,
)
from components.evaluator.statistics import SliceKey
from components.outcome import ALL_EXAMPLES, NOT_COMPARED, BoundKind, Decision, Paired, ThresholdCheck

DECISION_FILE = "decision.json"
TWO = 2
NO_SLICE: SliceKey = (("", ""),)

UNDEFINED_IN_ONE_CLASS = ("auc", "precision_at_recall")
"""Metrics of two classes, by their beginnings, which TFMA gives as 0 where all examples are of one class."""

SliceMetrics: TypeAlias = dict[SliceKey, dict[str, float]]
"""The values that stand for something, by slice and name: some are infinite."""


def decide(
    evaluation: Evaluation,
    output_path: str,
    baseline_uri: str,
    predicted: Predicted,
    *,
    not_compared: str = "",
    by_recall: bool = False,
) -> Decision:
    """Sets each threshold beside the value that TFMA measured.

    Args:
        evaluation: The thresholds.
        output_path: Where TFMA wrote its metrics and validation.
        baseline_uri: What it is compared with, "" if there is nothing.
        predicted: What the model predicts.
        not_compared: Why there is nothing, though there was a model before.
        by_recall: Whether guessing is held against the balanced accuracy, whatever the classes' shares are.

    Returns:
        The decision; `blessed` is TFMA's own verdict and, where that is asked, that the model is better than guessing.

    Raises:
        RuntimeError: The checks say otherwise than TFMA: a fault of this module.
    """
    paired = read_paired(output_path)
    if paired and paired.unanswered:
        baseline_uri, not_compared = "", _unanswered(paired)
    model_name = tfma.CANDIDATE_KEY if baseline_uri else ""
    candidate = _values_by_slice(output_path, model_name)
    baseline = _values_by_slice(output_path, tfma.BASELINE_KEY) if baseline_uri else {}
    checks = [check for threshold in evaluation.thresholds for check in _checks(threshold, candidate, baseline)]
    named = {threshold.metric for threshold in evaluation.thresholds}
    blessed = tfma.load_validation_result(output_path).validation_ok
    if blessed != all(check.passed for check in checks):
        raise RuntimeError(f"TFMA's verdict is {blessed}, which the checks don't bear out: {checks}")
    of_one_class = _slices_of_one_class(predicted, output_path, model_name)
    checks = [_defined(check, of_one_class) for check in checks]
    if evaluation.better_than_guessing:
        checks.insert(0, _beside_guessing(predicted, output_path, model_name, candidate[()], by_recall=by_recall))
    return Decision(
        blessed=all(check.passed for check in checks),
        metrics={
            name: value
            for name, value in candidate[()].items()
            if math.isfinite(value) and (name in named or not is_of_class(name))
        },
        checks=tuple(checks),
        baseline_uri=baseline_uri,
        paired=paired if baseline_uri else None,
        not_compared=not_compared,
    )


def write_decision(decision: Decision, folder: str) -> None:
    """Writes `decision.json` beside TFMA's own files."""
    with tf.io.gfile.GFile(os.path.join(folder, DECISION_FILE), "w") as file:
        file.write(decision.model_dump_json(indent=2))


def read_decision(folder: str) -> Decision:
    """Reads `decision.json` from an evaluation's folder."""
    with tf.io.gfile.GFile(os.path.join(folder, DECISION_FILE)) as file:
        return Decision.model_validate_json(file.read())


def _unanswered(paired: Paired) -> str:
    return (
        f"{NOT_COMPARED} gives no answer to {paired.unanswered:,} of the {paired.examples:,} test examples: they "
        "lack a value that its training never lacked, or it answers with NaN."
    )


def _slices_of_one_class(predicted: Predicted, output_path: str, model_name: str) -> set[str]:
    """The slices, of two classes, whose examples are all of one."""
    if not isinstance(predicted, Classes) or len(predicted.names) != TWO:
        return set()
    metrics = read_metrics(output_path, model_name)
    confusions = {
        name: confusion_of(plots, metrics[name], TWO) for name, plots in read_plots(output_path, model_name).items()
    }
    return {name for name, confusion in confusions.items() if not all(map(sum, confusion))}


def _defined(check: ThresholdCheck, of_one_class: set[str]) -> ThresholdCheck:
    """Has a check that looked at TFMA's stand-in for a value that there is none of say that there is none."""
    if check.slice in of_one_class and check.metric.startswith(UNDEFINED_IN_ONE_CLASS):
        return check.model_copy(update={"value": None})
    return check


def _beside_guessing(
    predicted: Predicted, output_path: str, model_name: str, metrics: Mapping[str, float], *, by_recall: bool
) -> ThresholdCheck:
    match predicted:
        case Classes(names):
            confusion = confusion_of(read_plots(output_path, model_name)[ALL_EXAMPLES], metrics, len(names))
            return guessing_check(confusion, effective_count(metrics), ALL_EXAMPLES, by_recall=by_recall)
        case Number():
            return number_guessing_check(read_moments(output_path, model_name)[ALL_EXAMPLES], ALL_EXAMPLES)
        case _:
            assert_never(predicted)


def _values_by_slice(output_path: str, model_name: str) -> SliceMetrics:
    return {
        key: {name: value for name, value in values.items() if value > -math.inf}  # which NaN isn't either
        for key, values in read_values(output_path, model_name).items()
    }


def _checks(threshold: Threshold, candidate: SliceMetrics, baseline: SliceMetrics) -> Iterator[ThresholdCheck]:
    for key, name in _slices_of(threshold, candidate):
        value = candidate.get(key, {}).get(threshold.metric)
        before = baseline.get(key, {}).get(threshold.metric)
        for kind, bound in _bounds(threshold):
            yield ThresholdCheck(
                metric=threshold.metric,
                slice=name,
                kind=kind,
                value=_finite(value),
                bound=bound,
                baseline=_finite(before),
                passed=_passes(kind, bound, value, before, has_baseline=bool(baseline)),
            )


def _slices_of(threshold: Threshold, candidate: SliceMetrics) -> list[tuple[SliceKey, str]]:
    """The slices a threshold applies to, by TFMA's rules, to which 3 and 3.0 are the same value, and their names.

    One that no example fell into is named too, since it doesn't pass.
    """
    spec = tfma.slicer.SingleSliceSpec(spec=slicing_spec(threshold))
    found = [(key, slice_name(key)) for key in candidate if spec.is_slice_applicable(key)]
    return sorted(found, key=itemgetter(1)) or [(NO_SLICE, threshold.slice)]


def _bounds(threshold: Threshold) -> Iterator[tuple[BoundKind, float]]:
    kinds: tuple[BoundKind, ...] = ("at_least", "at_most", "max_drop", "max_rise")
    for kind in kinds:
        bound = getattr(threshold, kind)
        if bound is not None:
            yield kind, bound


def _finite(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None


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
