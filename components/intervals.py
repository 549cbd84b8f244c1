"""Computes 95 % confidence intervals of metrics from the counts that TFMA gives.

TFMA's own intervals resample: its jackknife took six times as long as the evaluation itself, and gave accuracies from
-0.17 to 1.5 for three examples, and no width at all where every example is right. These take no time, and stay in
[0, 1].
"""

import math
from collections.abc import Sequence
from statistics import NormalDist

CONFIDENCE = 0.95
QUANTILE = NormalDist().inv_cdf(0.5 + CONFIDENCE / 2)


def effective_examples(weights: float, squares: float) -> float:
    """Returns how many examples of one weight tell as much as examples that weigh differently.

    Source: L. Kish, Survey Sampling (1965), 11.7.

    Args:
        weights: Sum of the weights.
        squares: Sum of their squares; 0 is returned where nothing weighs anything.
    """
    return weights**2 / squares if squares else 0.0


def share_interval(value: float, examples: float) -> tuple[float, float] | None:
    """Returns Wilson's score interval of a share, such as accuracy, precision or recall.

    Source: E. B. Wilson, Probable inference, JASA 22 (1927). SciPy has the same, and takes long to import.

    Args:
        value: The share, from 0 to 1.
        examples: What it is a share of; None is returned where that is nothing.
    """
    whole = round(examples)
    if not whole:
        return None
    right = min(round(value * whole), whole)
    middle = (right + QUANTILE**2 / 2) / (whole + QUANTILE**2)
    half = QUANTILE / (whole + QUANTILE**2) * math.sqrt(right * (whole - right) / whole + QUANTILE**2 / 4)
    return (middle - half if right else 0.0), (middle + half if right < whole else 1.0)


def mean_share_interval(shares: Sequence[tuple[float, float]]) -> tuple[float, float] | None:
    """Returns the interval of the mean of independent shares, such as the recalls that a balanced accuracy is made of.

    Source: G. Y. Zou, A. Donner, Construction of confidence limits about effect measures, Statistics in Medicine 27
    (2008): the reach of each share's own interval, here Wilson's, takes the place of its standard error.

    Args:
        shares: Each with the number of examples that it is a share of; None is returned where one is of nothing.
    """
    intervals = [share_interval(value, examples) for value, examples in shares]
    if not shares or None in intervals:
        return None
    mean = sum(value for value, _ in shares) / len(shares)
    below = [value - low for (value, _), (low, _) in zip(shares, filter(None, intervals), strict=True)]
    above = [high - value for (value, _), (_, high) in zip(shares, filter(None, intervals), strict=True)]
    return max(0.0, mean - math.hypot(*below) / len(shares)), min(1.0, mean + math.hypot(*above) / len(shares))


def auc_interval(value: float, positives: float, negatives: float) -> tuple[float, float] | None:
    """Returns the interval of an area under the ROC curve.

    Source: J. A. Hanley, B. J. McNeil, The meaning and use of the area under a ROC curve, Radiology 143 (1982), whose
    standard error is 0 where the curve is perfect; there the value is taken as that of half a pair in the wrong order.
    It takes scores to be distributed exponentially, which tells one class from the other: where the second one has
    most of the examples its interval holds the truth in 70 of 100 tests. The larger of both orders is taken.

    Args:
        value: The area.
        positives: Examples of the second class.
        negatives: Examples of the first class; None is returned where one of both is missing.
    """
    if not positives or not negatives:
        return None
    area = min(max(value, 0.5 / (positives * negatives)), 1 - 0.5 / (positives * negatives))
    one_class, other = area / (2 - area) - area**2, 2 * area**2 / (1 + area) - area**2
    variance = max(
        area * (1 - area) + (first - 1) * one_class + (second - 1) * other
        for first, second in ((positives, negatives), (negatives, positives))
    ) / (positives * negatives)
    reach = QUANTILE * math.sqrt(max(variance, 0.0))
    return max(0.0, min(area - reach, value)), min(1.0, max(area + reach, value))
