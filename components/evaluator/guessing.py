"""Holds a model against guessing: what predicting the most frequent class for every test example would reach."""

from collections.abc import Mapping, Sequence
from typing import Any

from components.intervals import mean_share_interval, share_interval
from components.outcome import ThresholdCheck

MOSTLY_ONE = 0.8
"""Where a class has a larger share than this, a useful model needn't be right more often than guessing is; its balanced
accuracy, the mean recall of the classes, must be higher."""

DECIDING = 0.5
"""Above it, an example is predicted as the second of two classes."""


def guessing_check(confusion: Sequence[Sequence[float]], slice_name: str) -> ThresholdCheck:
    """Returns the check that the lower end of a model's 95 % interval is above what guessing reaches.

    Args:
        confusion: Examples by actual class, then by predicted class.
        slice_name: Where they are from.
    """
    counts = [sum(row) for row in confusion]
    hits = [row[number] for number, row in enumerate(confusion)]
    examples = sum(counts)
    guessing = max(counts) / examples
    if guessing <= MOSTLY_ONE:
        metric, value = "accuracy", sum(hits) / examples
        interval = share_interval(value, examples)
    else:
        recalls = [(hit / count, count) for hit, count in zip(hits, counts, strict=True) if count]
        metric, value = "balanced_accuracy", sum(recall for recall, _ in recalls) / len(recalls)
        guessing, interval = 1 / len(recalls), mean_share_interval(recalls)
    low, high = interval or (0.0, 1.0)
    return ThresholdCheck(
        metric=metric,
        slice=slice_name,
        kind="better_than_guessing",
        value=value,
        bound=guessing,
        baseline=None,
        passed=low > guessing,
        low=low,
        high=high,
    )


def confusion_of(plots: Mapping[str, Any], classes: int) -> list[list[float]]:
    """Returns examples by actual class, then by predicted class.

    Args:
        plots: TFMA's own JSON, by the name of the plot; it leaves out numbers that are 0.
        classes: How many classes there are.
    """
    matrices = plots.get("confusionMatrixAtThresholds", {}).get("matrices", ())
    if matrices:
        nearest = min(matrices, key=lambda matrix: abs(matrix.get("threshold", 0.0) - DECIDING))
        names = ("trueNegatives", "falsePositives", "falseNegatives", "truePositives")
        first, second, third, fourth = (nearest.get(name, 0.0) for name in names)
        return [[first, second], [third, fourth]]
    counts = [[0.0] * classes for _ in range(classes)]
    for matrix in plots.get("multiClassConfusionMatrixAtThresholds", {}).get("matrices", ())[:1]:
        for entry in matrix.get("entries", ()):
            actual, predicted = entry.get("actualClassId", 0), entry.get("predictedClassId", 0)
            if actual >= 0 and predicted >= 0:
                counts[actual][predicted] += entry.get("numWeightedExamples", 0.0)
    return counts
