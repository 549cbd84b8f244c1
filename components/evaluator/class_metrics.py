"""Metrics by class, and averages over classes, that TFMA doesn't have, in its form: its tools compute and read them.

TFMA makes two classes of many by a cut at 0.5, and a class that is the likeliest with 0.4 counts as not predicted.
Here, as in scikit-learn, an example is predicted as its likeliest class.
"""

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
from tensorflow_model_analysis.metrics import calibration_histogram, confusion_matrix_metrics
from tensorflow_model_analysis.metrics.metric_types import (
    DerivedMetricComputation,
    MetricComputations,
    MetricKey,
    SubKey,
)
from tensorflow_model_analysis.metrics.multi_class_confusion_matrix_metrics import multi_class_confusion_matrices

from components.evaluator.own_metric import OfModel
from components.evaluator.statistics import Table

Floats: TypeAlias = npt.NDArray[np.float64]

COUNTS = "_counts_of_classes"
LIKELIEST = [0.0]
"""TFMA's cut: the likeliest class counts as predicted however likely it is."""

BUCKETS, EPSILON = calibration_histogram.DEFAULT_NUM_BUCKETS, 1e-7
"""Of TFMA's histogram, and its margin around 0 and 1."""

CUTS = np.concatenate([[-EPSILON], np.arange(1, BUCKETS - 1) / (BUCKETS - 1), [1 + EPSILON]])
"""Of TFMA's curves."""


@dataclass(frozen=True)
class Counts:
    """Examples of a slice by class, weighted if the evaluation is; each [classes], float64.

    Attributes:
        actual: Those of the class.
        predicted: Those predicted as the class.
        hits: Those of the class that were predicted as it.
    """

    actual: Floats
    predicted: Floats
    hits: Floats

    def rates(self, rate: str) -> Floats:
        """Precision, recall or F1 of each class; NaN where there is no example of it, or nothing to divide by."""
        parts, wholes = {
            "precision": (self.hits, self.predicted),
            "recall": (self.hits, self.actual),
            "f1": (2 * self.hits, self.actual + self.predicted),
        }[rate]
        defined = (self.actual > 0) & (wholes > 0)
        return np.divide(parts, wholes, out=np.full(len(parts), np.nan), where=defined)

    def average(self, rate: str, *, weighted: bool) -> float:
        """The mean of a rate over the classes of which there are examples; NaN where it is undefined for one of them.

        Args:
            rate: As above.
            weighted: By how many examples a class has, in place of equally.
        """
        there = self.actual > 0
        if not there.any():
            return float("nan")
        return float(np.average(self.rates(rate)[there], weights=self.actual[there] if weighted else None))

    def correlation(self) -> float:
        """Matthews' correlation coefficient; NaN where all examples are of one class, or predicted as one.

        Source: J. Gorodkin, Comparing two K-category assignments by a K-category correlation coefficient, Computational
        Biology and Chemistry 28 (2004).
        """
        total, hits = self.actual.sum(), self.hits.sum()
        # What is predicted as no class is so for a class of its own, which no example is of.
        predicted = np.append(self.predicted, total - self.predicted.sum())
        spread = (total**2 - (predicted**2).sum()) * (total**2 - (self.actual**2).sum())
        if spread <= 0:
            return float("nan")
        return float((hits * total - (self.predicted * self.actual).sum()) / np.sqrt(spread))


class _OfCounts(OfModel):
    """A value derived from the counts, which are derived once from the confusion matrix that TFMA plots."""

    def _computations(self, key: MetricKey, eval_config: Any) -> MetricComputations:
        where = {name: getattr(key, name) for name in ("model_name", "output_name", "example_weighted")}
        computations = multi_class_confusion_matrices(thresholds=LIKELIEST, eval_config=eval_config, **where)
        (matrices,), counts, classes = computations[-1].keys, MetricKey(COUNTS, **where), self.kwargs["classes"]

        def counted(metrics: Mapping[MetricKey, Any]) -> dict[MetricKey, Counts]:
            return {counts: _counts(metrics[matrices][LIKELIEST[0]], classes)}

        def value(metrics: Mapping[MetricKey, Any]) -> dict[MetricKey, float]:
            return {key: self.value(metrics[counts])}

        return [*computations, DerivedMetricComputation([counts], counted), DerivedMetricComputation([key], value)]

    @abstractmethod
    def value(self, counts: Counts) -> float:
        """The metric; NaN where it is undefined."""


class RateOfClass(_OfCounts):
    """Precision, recall or F1 (`rate`) of one of more than two classes (`class_id`)."""

    def value(self, counts: Counts) -> float:
        """Of the class."""
        return float(counts.rates(self.kwargs["rate"])[self.kwargs["class_id"]])


class AverageOfClasses(_OfCounts):
    """The mean of such rates (`rate`), `weighted` or not."""

    def value(self, counts: Counts) -> float:
        """Over the classes of which there are examples."""
        return counts.average(self.kwargs["rate"], weighted=self.kwargs["weighted"])


class CorrelationOfClasses(_OfCounts):
    """Matthews' correlation coefficient of more than two classes."""

    def value(self, counts: Counts) -> float:
        """Of all classes at once."""
        return counts.correlation()


class AreaOfClasses(OfModel):
    """The mean area under the ROC curve of each class against all others, over the classes for which there is one."""

    def _computations(self, key: MetricKey, eval_config: Any) -> MetricComputations:
        where = {name: getattr(key, name) for name in ("model_name", "output_name", "example_weighted")}
        histograms = [
            calibration_histogram.calibration_histogram(
                eval_config=eval_config, sub_key=SubKey(class_id=number), **where
            )
            for number in range(self.kwargs["classes"])
        ]
        of_classes = [computations[-1].keys[-1] for computations in histograms]

        def mean(metrics: Mapping[MetricKey, Any]) -> dict[MetricKey, float]:
            areas = [each for each in (_area(metrics[of_class]) for of_class in of_classes) if each is not None]
            return {key: float(np.mean(areas)) if areas else float("nan")}

        return [*(each for computations in histograms for each in computations), DerivedMetricComputation([key], mean)]


class FirstClassF1(confusion_matrix_metrics.ConfusionMatrixMetric):
    """F1 of the first of two classes."""

    def __init__(self, *, name: str, thresholds: float | Sequence[float] | None = None) -> None:
        super().__init__(thresholds=thresholds, name=name)

    def result(self, tp: float, tn: float, fp: float, fn: float) -> float:
        """As TFMA's F1Score, with the two classes exchanged; NaN where there is nothing to divide by."""
        whole = 2 * tn + fp + fn
        return 2 * tn / whole if whole > 0 else float("nan")


def area(labels: Floats, examples: Floats, buckets: npt.NDArray[np.int64]) -> float:
    """Returns TFMA's area under the ROC curve, from its histogram.

    TFMA puts the histogram into the bins of its curve by a loop in Python, which takes too long for each class of each
    slice.

    Args:
        labels: Examples of the class in each bucket; some, and not all of the examples.
        examples: All examples in each bucket.
        buckets: Numbers of the buckets; 0 is below all predictions and `BUCKETS` + 1 above.
    """
    begins = (buckets - 1) / BUCKETS
    begins[buckets == 0], begins[buckets > BUCKETS] = -np.inf, np.inf
    bins = np.searchsorted(CUTS[1:] + EPSILON, begins, side="right")

    def share_above(weights: Floats) -> Floats:
        found = np.bincount(bins, weights, len(CUTS))[::-1].cumsum()[::-1]
        return np.append(found[:-1], 0) / found[0]

    recall, fall_out = share_above(labels), share_above(examples - labels)
    return float(((fall_out[:-1] - fall_out[1:]) * (recall[:-1] + recall[1:]) / 2).sum())


def _counts(entries: Mapping[Any, float], classes: int) -> Counts:
    actual, predicted, hits = np.zeros([3, classes])
    for entry, examples in entries.items():
        actual[entry.actual_class_id] += examples
        if entry.predicted_class_id >= 0:
            predicted[entry.predicted_class_id] += examples
        if entry.predicted_class_id == entry.actual_class_id:
            hits[entry.actual_class_id] += examples
    return Counts(actual, predicted, hits)


def _area(histogram: Table | Sequence[Any]) -> float | None:
    """The area of a class; None where the slice has no example of it, or none of another one; NaN where a score is.

    Args:
        histogram: Of the class: ours, or a list of TFMA's buckets.
    """
    table = histogram if isinstance(histogram, Table) else _table(histogram)
    labels, examples = table.sums.T
    if labels.sum() <= 0 or (examples - labels).sum() <= 0:
        return None
    return area(labels, examples, table.cells)


def _table(histogram: Sequence[Any]) -> Table:
    sums = [(bucket.weighted_labels, bucket.weighted_examples) for bucket in histogram]
    return Table(np.array([bucket.bucket_id for bucket in histogram]), np.array(sums))
