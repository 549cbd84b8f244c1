"""Sums over examples of which a number is predicted: every metric of it, and its interval, is worked out from them."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

from components.errors import TransferlineError
from components.evaluator.statistics import COUNT, Statistics, Table, added_cells
from components.intervals import QUANTILE, effective_examples

Floats: TypeAlias = npt.NDArray[np.float64]
Ints: TypeAlias = npt.NDArray[np.int64]

TERMS = 6
ONE, LABEL, SQUARED_LABEL, SQUARED, ABSOLUTE, SIGNED = np.eye(TERMS)
"""What is summed up of each example: 1; the label, less a constant, and its square; the error's square, its absolute
value and the error itself, which is the prediction less the label."""

MOMENTS, ABSOLUTE_ERRORS = "moments", "absolute_errors"
DROPPED_BITS = 12
"""Absolute errors are counted in cells by their first bits: a cell is no wider than 1/2048 of what lies in it, and has
the mean of it, which is the error itself where there is one."""

ROUNDING = 1e-10
"""Part of what is summed up that a sum must come to, for its first digits to be right."""

CONSTANT = 1e-12
"""Labels whose variance is less than this, as a part of their mean square, are one: the rest is rounding."""

EVEN = 1e-9


class Estimate(NamedTuple):
    """A value with its 95 % interval; low and high are None where there are too few examples for one."""

    value: float
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class Residuals:
    """What each example of a batch contributes.

    Attributes:
        terms: float64 [examples, TERMS].
        weights: float64 [examples]; None for 1 each.
    """

    terms: Floats
    weights: Floats | None = None

    def of(self, examples: Ints) -> Statistics:
        """Sums over some of the examples, named by their place in the batch."""
        terms = self.terms[examples]
        weights = np.ones(len(examples)) if self.weights is None else self.weights[examples]
        weighted = terms * weights[:, np.newaxis]
        sums = np.vstack([weighted.sum(axis=0), weighted.T @ weighted])
        absolute = terms @ ABSOLUTE
        return Statistics(
            {"examples": float(weights.sum()), **({} if self.weights is None else {COUNT: float(len(examples))})},
            {
                MOMENTS: Table(np.arange(sums.size), sums.reshape(-1, 1)),
                ABSOLUTE_ERRORS: added_cells(_cells(absolute), np.column_stack([weights, weights * absolute])),
            },
        )


def residuals(labels: Floats, predictions: Floats, center: float, weights: Floats | None = None) -> Residuals:
    """Computes what each example contributes.

    Args:
        labels: [examples].
        predictions: [examples].
        center: Is taken off the labels before they are squared, so that little is lost where they are large.
        weights: Of the examples; None for 1 each.

    Raises:
        TransferlineError: A label or a prediction is no finite number, of which there are no metrics.
    """
    for what, values in (
        ("There are labels that are no finite number, of", labels),
        ("The model answers with what is no finite number to", predictions),
    ):
        if wrong := int((~np.isfinite(values)).sum()):
            raise TransferlineError(
                f"{what} at least {wrong} examples of the test split.",
                place="the test split",
                cure="Look at the labels of these rows, at the training curves for where the loss became NaN, and at "
                "the columns that these rows lack a value of, and no training row does.",
            )
    label = labels.astype(np.float64) - center
    error = predictions.astype(np.float64) - labels
    return Residuals(np.column_stack([np.ones(len(label)), label, label**2, error**2, np.abs(error), error]), weights)


@dataclass(frozen=True)
class Moments:
    """Sums over some examples.

    Attributes:
        sums: float64 [1 + TERMS, TERMS]: sums of weight * term; below, of weight^2 * term * term.
    """

    sums: Floats

    @property
    def rmse(self) -> float:
        """Root of the mean squared error."""
        return math.sqrt(self.mean(SQUARED))

    @property
    def r2(self) -> float:
        """Which part of the labels' variance the model accounts for; NaN where the labels are all the same."""
        variance = self.label_variance
        return 1 - self.mean(SQUARED) / variance if variance > 0 else float("nan")

    @property
    def label_variance(self) -> float:
        """The mean squared error of the best constant, the mean label."""
        variance = self.mean(SQUARED_LABEL) - self.mean(LABEL) ** 2
        return variance if variance > CONSTANT * self.mean(SQUARED_LABEL) else 0.0

    def mean(self, of: Floats) -> float:
        """The weighted mean of a term; NaN where nothing weighs anything."""
        weight = self.sums[0] @ ONE
        return float(self.sums[0] @ of / weight) if weight else float("nan")

    def estimate(self, metric: str) -> Estimate | None:
        """Returns a metric with its interval; None for one that has none, or no value.

        Args:
            metric: As the Evaluator names it.
        """
        found = _ESTIMATES[metric](self) if metric in _ESTIMATES else None
        return found if found and math.isfinite(found.value) else None

    def gain(self) -> Estimate:
        """How much lower the mean squared error is than that of always predicting the mean label, row by row.

        Row by row: each row's difference of the two squared errors, so that what makes a row hard for both cancels out.
        """
        mean = self.mean(LABEL)
        # The square of (label - mean), less that of the error.
        return self._mean_with_interval(SQUARED_LABEL - 2 * mean * LABEL + mean**2 * ONE - SQUARED)

    def _mean_with_interval(self, of: Floats) -> Estimate:
        value = self.mean(of)
        error = self._standard_error(of - value * ONE)
        return Estimate(value) if error is None else Estimate(value, value - QUANTILE * error, value + QUANTILE * error)

    def _standard_error(self, of: Floats) -> float | None:
        """Of the weighted mean of a term whose mean is 0."""
        squares = self.sums[1:]
        weight, squared_weights = self.sums[0] @ ONE, ONE @ squares @ ONE
        examples = effective_examples(weight, squared_weights)
        if examples <= 1:
            return None
        total = float(of @ squares @ of)
        # What the sums cancel to means nothing where it is no larger than what rounding leaves of them.
        if 0 < abs(total) < ROUNDING * float(abs(of) @ abs(squares) @ abs(of)):
            return None
        variance = max(total, 0.0) / weight**2
        return math.sqrt(variance * examples / (examples - 1))

    def _size(self, of: Floats) -> Estimate:
        """The mean of what is never below 0, and neither is its interval."""
        value, low, high = self._mean_with_interval(of)
        return Estimate(value, None if low is None else max(low, 0.0), high)

    def _rmse(self) -> Estimate:
        value, low, high = self._size(SQUARED)
        if low is None or high is None:
            return Estimate(math.sqrt(value))
        return Estimate(math.sqrt(value), math.sqrt(low), math.sqrt(high))

    def _r2(self) -> Estimate:
        variance, value = self.label_variance, self.r2
        if not variance > 0:
            return Estimate(value)
        # By the delta method: R2 is 1 less the ratio of two means, of squared errors and of squares about the mean.
        mean, ratio = self.mean(LABEL), 1 - value
        error = self._standard_error((SQUARED - ratio * (SQUARED_LABEL - 2 * mean * LABEL + mean**2 * ONE)) / variance)
        return Estimate(value) if error is None else Estimate(value, value - QUANTILE * error, value + QUANTILE * error)


_ESTIMATES: dict[str, Callable[[Moments], Estimate]] = {
    "mse": lambda moments: moments._size(SQUARED),
    "rmse": lambda moments: moments._rmse(),
    "mae": lambda moments: moments._size(ABSOLUTE),
    "mean_error": lambda moments: moments._mean_with_interval(SIGNED),
    "r2": lambda moments: moments._r2(),
}


def moments_of(statistics: Statistics) -> Moments:
    """Returns the sums of some statistics."""
    return Moments(statistics.tables[MOMENTS].sums.reshape(1 + TERMS, TERMS))


def quantile(statistics: Statistics, share: float) -> float:
    """Returns the absolute error that this share of the examples, by weight, stays below or at.

    Where the share falls between two examples it is the middle of both, so that one half is the usual median.

    Args:
        statistics: Of the examples.
        share: Between 0 and 1.
    """
    weights, sums = statistics.tables[ABSOLUTE_ERRORS].sums.T
    weights, sums = weights[weights > 0], sums[weights > 0]
    if not len(weights):
        return float("nan")
    errors, above = sums / weights, weights.cumsum() - share * weights.sum()
    margin = EVEN * weights.sum()
    at = min(int(np.searchsorted(above, -margin)), len(errors) - 1)
    between = above[at] <= margin and at + 1 < len(errors)
    return float((errors[at] + errors[at + 1]) / 2 if between else errors[at])


def _cells(absolute: Floats) -> Ints:
    """Numbers of cells, which rise with the errors."""
    with np.errstate(over="ignore"):
        return (absolute.astype(np.float32).view(np.int32) >> DROPPED_BITS).astype(np.int64)
