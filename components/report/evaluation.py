"""Reads the report's part on the evaluation from TFMA's output."""

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple, TypeAlias

import numpy as np
import tensorflow_model_analysis as tfma

from components.answering import Answering
from components.evaluator.class_metrics import Counts
from components.evaluator.decision import read_decision
from components.evaluator.metric_names import (
    BY_CLASS,
    EXAMPLE_COUNT,
    WEIGHTED_COUNT,
    is_of_class,
    top_of,
)
from components.evaluator.residuals import Moments
from components.evaluator.results import confusion_of, effective_count, read_metrics, read_moments, read_plots
from components.intervals import auc_interval, mean_share_interval, share_interval
from components.outcome import ALL_EXAMPLES
from components.report.review import (
    CalibrationBucket,
    EvaluationReview,
    Metric,
    SlicePlots,
    SliceResult,
    ThresholdPoint,
)

Confusion: TypeAlias = Sequence[Sequence[float]]

OF_BOTH_CLASSES = (
    "auc",
    "auc_precision_recall",
    "precision",
    "negative_predictive_value",
    "calibration",
    "recall_at_precision",
    "precision_at_recall",
)
"""In a slice of one class these say nothing of the model: TFMA writes 0 or 1, or its mean prediction. Some go on with
the number that they are at."""
OF_TWO = (("negative_predictive_value", "specificity"), ("precision", "recall"))
"""Precision and recall of the first and of the second of two classes."""

SHARES, MEANS_OF_RECALLS = ("accuracy", "recall_weighted"), ("balanced_accuracy", "recall_macro")
"""Shares of all examples, as top-K accuracies are, and means of the classes' recalls."""

OF_SECOND_CLASS = ("recall", "f1")
"""These say nothing where there is no example of it."""


class Evaluated(NamedTuple):
    """What was found of one model over all examples.

    Attributes:
        metrics: By name.
        confusion: Examples by actual class, then by predicted class.
    """

    metrics: Mapping[str, float | None]
    confusion: Confusion


def read_evaluation(folder: str, class_names: Sequence[str], answering: Answering | None = None) -> EvaluationReview:
    """Returns what an evaluation found.

    Args:
        folder: The Evaluator's output.
        class_names: In the order of their numbers.
        answering: How the model's logits become its answer.
    """
    decision = read_decision(folder)
    candidate = tfma.CANDIDATE_KEY if decision.baseline_uri else ""
    baseline = read_metrics(folder, tfma.BASELINE_KEY) if decision.baseline_uri else {}
    metrics = read_metrics(folder, candidate)
    plots = read_plots(folder, candidate)
    names = sorted(metrics, key=lambda name: (name != ALL_EXAMPLES, name))
    drawn = {name: slice_plots(name, plots.get(name, {}), metrics[name], len(class_names)) for name in names}
    before = read_plots(folder, tfma.BASELINE_KEY).get(ALL_EXAMPLES, {}) if decision.baseline_uri else {}
    return EvaluationReview(
        decision=decision,
        class_names=tuple(class_names),
        answering=answering or Answering(),
        slices=tuple(_slice(drawn[name], metrics[name], baseline.get(name, {})) for name in names),
        plots=tuple(drawn.values()),
        classes=tuple(
            by_class(
                class_names,
                Evaluated(metrics[ALL_EXAMPLES], drawn[ALL_EXAMPLES].confusion),
                Evaluated(
                    baseline[ALL_EXAMPLES],
                    slice_plots(ALL_EXAMPLES, before, baseline[ALL_EXAMPLES], len(class_names)).confusion,
                )
                if before
                else None,
                _examples_per_weight(metrics[ALL_EXAMPLES]),
            )
        ),
    )


def read_number_evaluation(folder: str, label: str) -> EvaluationReview:
    """Returns what an evaluation of a model that predicts a number found.

    Args:
        folder: The Evaluator's output.
        label: The name of the number's column.
    """
    decision = read_decision(folder)
    candidate = tfma.CANDIDATE_KEY if decision.baseline_uri else ""
    metrics, moments = read_metrics(folder, candidate), read_moments(folder, candidate)
    baseline = read_metrics(folder, tfma.BASELINE_KEY) if decision.baseline_uri else {}
    names = sorted(metrics, key=lambda name: (name != ALL_EXAMPLES, name))
    return EvaluationReview(
        decision=decision,
        class_names=(),
        label=label,
        guessing=math.sqrt(moments[ALL_EXAMPLES].label_variance),
        slices=tuple(
            SliceResult(
                name=name,
                count=round(metrics[name][EXAMPLE_COUNT] or 0.0),
                metrics={
                    metric: _of_numbers(metric, value, moments[name])
                    for metric, value in metrics[name].items()
                    if metric != EXAMPLE_COUNT
                },
                baseline={metric: value for metric, value in baseline.get(name, {}).items() if value is not None},
            )
            for name in names
        ),
    )


def _of_numbers(name: str, value: float | None, moments: Moments) -> Metric:
    estimate = moments.estimate(name)
    return Metric(value=value, low=estimate.low, high=estimate.high) if estimate else Metric(value=value)


def by_class(
    class_names: Sequence[str], evaluated: Evaluated, before: Evaluated | None = None, per_weight: float = 1.0
) -> Iterator[SliceResult]:
    """Yields precision, recall and F1 of each class, with their intervals, over the examples that there are of it.

    Args:
        class_names: In the order of their numbers.
        evaluated: Of all examples.
        before: The same of the baseline; None where there is none.
        per_weight: Examples for each unit of weight, if the confusion is of weights; see `_examples_per_weight`.
    """
    if not evaluated.confusion:
        return
    counts = _counts(evaluated.confusion)
    of = {"precision": counts.predicted * per_weight, "recall": counts.actual * per_weight}
    earlier = _rates(before) if before and before.confusion else [{}] * len(class_names)
    for number, (name, rates) in enumerate(zip(class_names, _rates(evaluated), strict=True)):
        intervals = {
            rate: share_interval(value, of[rate][number])
            for rate, value in rates.items()
            if value is not None and rate in of
        }
        yield SliceResult(
            name=name,
            count=round(counts.actual[number]),
            metrics={rate: _with_interval(value, intervals.get(rate)) for rate, value in rates.items()},
            baseline={rate: value for rate, value in earlier[number].items() if value is not None},
        )


def _rates(evaluated: Evaluated) -> list[dict[str, float | None]]:
    """Precision, recall and F1 of each class."""
    if len(evaluated.confusion) == 2:
        # The confusion matrix of two classes has the bins of a curve: what lies right above the cut is below it there.
        return [_of_one(*(evaluated.metrics.get(name) for name in names)) for names in OF_TWO]
    counts = _counts(evaluated.confusion)
    rates = {rate: counts.rates(rate).tolist() for rate in BY_CLASS}
    return [
        {rate: None if math.isnan(values[number]) else values[number] for rate, values in rates.items()}
        for number in range(len(counts.actual))
    ]


def _of_one(precision: float | None, recall: float | None) -> dict[str, float | None]:
    """Nothing is said of a class of which there is no example; none that was found is an F1 of 0."""
    if recall is None:
        return dict.fromkeys(BY_CLASS)
    f1 = 2 * precision * recall / (precision + recall) if precision and recall else 0.0
    return {"precision": precision, "recall": recall, "f1": f1}


def _counts(confusion: Confusion) -> Counts:
    matrix = np.array(confusion)
    return Counts(actual=matrix.sum(axis=1), predicted=matrix.sum(axis=0), hits=matrix.diagonal())


def slice_plots(name: str, plots: Mapping[str, Any], metrics: Mapping[str, float | None], classes: int) -> SlicePlots:
    """Returns the plots of a slice.

    Args:
        name: The slice.
        plots: TFMA's own JSON, by the name of the plot; it leaves out numbers that are 0.
        metrics: The slice's, by name.
        classes: How many classes there are.
    """
    return SlicePlots(
        name=name,
        thresholds=tuple(_threshold_points(plots.get("confusionMatrixAtThresholds", {}))),
        calibration=tuple(_calibration(plots.get("calibrationHistogramBuckets", {}))),
        confusion=confusion_of(plots, metrics, classes),
    )


def _examples_per_weight(metrics: Mapping[str, float | None]) -> float:
    """How many examples stand for a unit of weight, so that intervals are those of examples of one weight."""
    weight = metrics.get(WEIGHTED_COUNT)
    return effective_count(metrics) / weight if weight else 1.0


def _slice(plots: SlicePlots, metrics: Mapping[str, float | None], baseline: Mapping[str, float | None]) -> SliceResult:
    examples, per_weight = effective_count(metrics), _examples_per_weight(metrics)
    return SliceResult(
        name=plots.name,
        count=round(metrics[EXAMPLE_COUNT] or 0.0),
        metrics={
            name: _metric(name, value, examples, plots, per_weight)
            for name, value in metrics.items()
            if name != EXAMPLE_COUNT and not is_of_class(name)
        },
        baseline={name: value for name, value in baseline.items() if value is not None},
    )


def _metric(name: str, value: float | None, count: float, plots: SlicePlots, per_weight: float = 1.0) -> Metric:
    """A metric with its interval, where one can be told from counts."""
    if value is None:
        return Metric(value=None)
    if name in SHARES or top_of(name):
        interval = share_interval(value, count)
    elif name in MEANS_OF_RECALLS:
        interval = _mean_recall_interval(value, plots.confusion, per_weight)
    elif not plots.thresholds:
        interval = None
    else:
        (true_negatives, false_positives), (false_negatives, true_positives) = (
            (each * per_weight for each in row) for row in plots.confusion
        )
        negatives, positives = true_negatives + false_positives, false_negatives + true_positives
        if name.startswith(OF_BOTH_CLASSES) and not (positives and negatives):
            return Metric(value=None)
        if name in OF_SECOND_CLASS and not positives:
            return Metric(value=None)
        of = {
            "precision": true_positives + false_positives,
            "recall": positives,
            "specificity": negatives,
            "negative_predictive_value": true_negatives + false_negatives,
        }
        interval = (
            auc_interval(value, positives, negatives) if name == "auc" else share_interval(value, of.get(name, 0.0))
        )
    return _with_interval(value, interval)


def _mean_recall_interval(value: float, confusion: Confusion, per_weight: float) -> tuple[float, float] | None:
    """The interval of the mean of the recalls of the classes that there are examples of; None where there is none."""
    counts = [(row[number], sum(row)) for number, row in enumerate(confusion) if sum(row)]
    interval = mean_share_interval([(hits / whole, whole * per_weight) for hits, whole in counts])
    # Where TFMA counts otherwise, as in a slice that lacks a class, it isn't that of its value.
    return interval if interval and interval[0] <= value <= interval[1] else None


def _with_interval(value: float | None, interval: tuple[float, float] | None) -> Metric:
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
