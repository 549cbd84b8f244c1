"""Holds a model against guessing: always predicting the most frequent class of the test, or the mean of its labels."""

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from components.intervals import mean_share_interval, share_interval
from components.outcome import ThresholdCheck

if TYPE_CHECKING:  # it comes with TensorFlow, for which `new` and `check` don't wait
    from components.evaluator.residuals import Moments

MOSTLY_ONE = 0.8
"""Where a class has a larger share than this, a useful model needn't be right more often than guessing is; its balanced
accuracy, the mean recall of the classes, must be higher."""


def guessing_check(
    confusion: Sequence[Sequence[float]], examples: float, slice_name: str, *, by_recall: bool = False
) -> ThresholdCheck:
    """Returns the check that the lower end of a model's 95 % interval is above what guessing reaches.

    Of examples that weigh nothing there is neither: the check doesn't pass.

    Args:
        confusion: Examples, or their weights, by actual class, then by predicted class.
        examples: How many of one weight tell as much as these: the interval is that of so many.
        slice_name: Where they are from.
        by_recall: Whether the balanced accuracy is looked at whatever the shares are: that of a model which gives up
            accuracy for something else.
    """
    weight = sum(map(sum, confusion))
    if not weight:
        return _check("accuracy", slice_name, None, 0.0)
    each = examples / weight
    counts = [sum(row) * each for row in confusion]
    hits = [row[number] * each for number, row in enumerate(confusion)]
    guessing = max(counts) / examples
    if guessing <= MOSTLY_ONE and not by_recall:
        metric, value = "accuracy", sum(hits) / examples
        interval = share_interval(value, examples)
    else:
        recalls = [(hit / count, count) for hit, count in zip(hits, counts, strict=True) if count]
        metric, value = "balanced_accuracy", sum(recall for recall, _ in recalls) / len(recalls)
        guessing, interval = 1 / len(recalls), mean_share_interval(recalls)
    low, high = interval or (0.0, 1.0)
    return _check(metric, slice_name, value, guessing, low, high, passed=low > guessing)


def number_guessing_check(moments: "Moments", slice_name: str) -> ThresholdCheck:
    """Returns the check that a model's squared errors are lower than those of always predicting the mean label.

    Lower by an interval above 0: of the mean difference, row by row, of the two squared errors. The mean is that of the
    test's own labels, the best constant there is.

    Args:
        moments: Of the examples.
        slice_name: Where they are from.
    """
    gain = moments.gain()
    better = gain.low is not None and gain.low > 0
    value = moments.rmse if math.isfinite(moments.rmse) else None
    return _check("rmse", slice_name, value, math.sqrt(moments.label_variance), gain.low, gain.high, passed=better)


def _check(
    metric: str,
    slice_name: str,
    value: float | None,
    guessing: float,
    low: float | None = None,
    high: float | None = None,
    *,
    passed: bool = False,
) -> ThresholdCheck:
    return ThresholdCheck(
        metric=metric,
        slice=slice_name,
        kind="better_than_guessing",
        value=value,
        bound=guessing,
        baseline=None,
        passed=passed,
        low=low,
        high=high,
    )
