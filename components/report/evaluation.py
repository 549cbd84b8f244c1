"""Reads the report's part on the evaluation from TFMA's output."""

from collections.abc import Mapping, Sequence
from typing import Any

import tensorflow_model_analysis as tfma

from components.evaluator.decision import read_decision
from components.evaluator.results import ALL_EXAMPLES, read_metrics, read_plots
from components.report.intervals import auc_interval, share_interval
from components.report.review import (
    CalibrationBucket,
    EvaluationReview,
    Metric,
    SlicePlots,
    SliceResult,
    ThresholdPoint,
)

EXAMPLE_COUNT = "example_count"
OF_BOTH_CLASSES = ("auc", "auc_precision_recall", "precision", "calibration")
"""In a slice of one class these say nothing of the model: TFMA writes 0 or 1, or its mean prediction."""
DECIDING_THRESHOLD = 0.5
"""Above it, an example is predicted as the second of two classes, as in the accuracy that TFMA computes."""


def read_evaluation(folder: str, class_names: Sequence[str]) -> EvaluationReview:
    """Returns what an evaluation found.

    Args:
        folder: The Evaluator's output.
        class_names: In the order of their numbers.
    """
    decision = read_decision(folder)
    candidate = tfma.CANDIDATE_KEY if decision.baseline_uri else ""
    baseline = read_metrics(folder, tfma.BASELINE_KEY) if decision.baseline_uri else {}
    metrics = read_metrics(folder, candidate)
    plots = read_plots(folder, candidate)
    names = sorted(metrics, key=lambda name: (name != ALL_EXAMPLES, name))
    drawn = {name: slice_plots(name, plots.get(name, {}), len(class_names)) for name in names}
    return EvaluationReview(
        decision=decision,
        class_names=tuple(class_names),
        slices=tuple(_slice(drawn[name], metrics[name], baseline.get(name, {})) for name in names),
        plots=tuple(drawn.values()),
    )


def slice_plots(name: str, plots: Mapping[str, Any], classes: int) -> SlicePlots:
    """Returns the plots of a slice.

    Args:
        name: The slice.
        plots: TFMA's own JSON, by the name of the plot; it leaves out numbers that are 0.
        classes: How many classes there are.
    """
    thresholds = tuple(_threshold_points(plots.get("confusionMatrixAtThresholds", {})))
    return SlicePlots(
        name=name,
        thresholds=thresholds,
        calibration=tuple(_calibration(plots.get("calibrationHistogramBuckets", {}))),
        confusion=_at_deciding_threshold(thresholds)
        or _confusion(plots.get("multiClassConfusionMatrixAtThresholds", {}), classes),
    )


def _slice(plots: SlicePlots, metrics: Mapping[str, float | None], baseline: Mapping[str, float | None]) -> SliceResult:
    count = metrics[EXAMPLE_COUNT] or 0.0
    return SliceResult(
        name=plots.name,
        count=round(count),
        metrics={name: _metric(name, value, count, plots) for name, value in metrics.items() if name != EXAMPLE_COUNT},
        baseline={name: value for name, value in baseline.items() if value is not None},
    )


def _metric(name: str, value: float | None, count: float, plots: SlicePlots) -> Metric:
    """A metric with its interval, where one can be told from counts."""
    if value is None:
        return Metric(value=None)
    if name == "accuracy":
        interval = share_interval(value, count)
    elif not plots.thresholds:
        interval = None
    else:
        (_, false_positives), (false_negatives, true_positives) = plots.confusion
        negatives, positives = map(sum, plots.confusion)
        if name in OF_BOTH_CLASSES and not (positives and negatives):
            return Metric(value=None)
        if name == "recall" and not positives:
            return Metric(value=None)
        of = {"precision": true_positives + false_positives, "recall": true_positives + false_negatives}
        interval = (
            auc_interval(value, positives, negatives) if name == "auc" else share_interval(value, of.get(name, 0.0))
        )
    low, high = interval or (None, None)
    return Metric(value=value, low=low, high=high)


def _threshold_points(plot: Mapping[str, Any]) -> list[ThresholdPoint]:
    points = [
        ThresholdPoint(
            threshold=matrix.get("threshold", 0.0),
            true_positives=matrix.get("truePositives", 0.0),
            false_positives=matrix.get("falsePositives", 0.0),
            true_negatives=matrix.get("trueNegatives", 0.0),
            false_negatives=matrix.get("falseNegatives", 0.0),
        )
        for matrix in plot.get("matrices", ())
    ]
    # TFMA adds one below 0 and one above 1, so that its curves reach the corners.
    return sorted(points, key=lambda point: point.threshold)


def _at_deciding_threshold(points: Sequence[ThresholdPoint]) -> tuple[tuple[float, ...], ...]:
    if not points:
        return ()
    nearest = min(points, key=lambda point: abs(point.threshold - DECIDING_THRESHOLD))
    return (
        (nearest.true_negatives, nearest.false_positives),
        (nearest.false_negatives, nearest.true_positives),
    )


def _calibration(plot: Mapping[str, Any]) -> list[CalibrationBucket]:
    return [
        CalibrationBucket(
            examples=bucket["numWeightedExamples"],
            predicted=bucket["totalWeightedRefinedPrediction"] / bucket["numWeightedExamples"],
            observed=bucket["totalWeightedLabel"] / bucket["numWeightedExamples"],
        )
        for bucket in plot.get("buckets", ())
        if bucket.get("numWeightedExamples")
    ]


def _confusion(plot: Mapping[str, Any], classes: int) -> tuple[tuple[float, ...], ...]:
    counts = [[0.0] * classes for _ in range(classes)]
    matrices = plot.get("matrices", ())
    if not matrices:
        return ()
    for entry in matrices[0].get("entries", ()):
        actual, predicted = entry.get("actualClassId", 0), entry.get("predictedClassId", 0)
        if actual >= 0 and predicted >= 0:
            counts[actual][predicted] += entry.get("numWeightedExamples", 0.0)
    return tuple(tuple(row) for row in counts)
