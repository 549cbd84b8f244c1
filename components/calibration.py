"""Calibrates probabilities by one temperature, found on the validation split.

Guo et al., "On Calibration of Modern Neural Networks", ICML 2017, arXiv 1706.04599: logits are divided by a number, so
that the likeliest class stays what it was.
"""

from typing import TypeAlias

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax, softmax

from components.settings import Settings

LEAST_ROWS = 200
"""With fewer examples a temperature says more about them than about the model."""

COLDEST, HOTTEST = 0.05, 20.0
"""Bounds of the temperature. A model that is always right would go to zero, and one that knows nothing to infinity."""

BINS = 15
"""Of the expected calibration error, as in section 2 of the paper."""

Floats: TypeAlias = npt.NDArray[np.float64]
Ints: TypeAlias = npt.NDArray[np.int64]


class ReliabilityBin(Settings):
    """The examples whose likeliest class has a probability in a range.

    Attributes:
        examples: How many, or the sum of their weights.
        confidence: Mean probability of their likeliest class.
        accuracy: Share of them whose likeliest class is right.
    """

    examples: float
    confidence: float
    accuracy: float


class Reliability(Settings):
    """How far probabilities are from shares of right answers.

    Attributes:
        crossentropy: Mean over the examples.
        expected_error: ECE: the mean distance of confidence and accuracy over the bins, by examples.
        bins: Those with examples, of equal width, from the least confident on.
    """

    crossentropy: float
    expected_error: float
    bins: tuple[ReliabilityBin, ...]


class Calibration(Settings):
    """What calibration found on the validation split.

    Attributes:
        temperature: What logits are divided by; 1 where nothing was changed.
        examples: Of the validation split.
        before: With a temperature of 1.
        after: With the temperature that was found.
    """

    temperature: float
    examples: int
    before: Reliability
    after: Reliability


def calibrate(logits: npt.ArrayLike, labels: npt.ArrayLike, weights: npt.ArrayLike | None = None) -> Calibration:
    """Finds the temperature with the lowest cross-entropy.

    The cross-entropy is convex in the inverse of the temperature, so there is one minimum.

    Args:
        logits: [examples, classes], or [examples, 1]: of the second of two classes.
        labels: Numbers of the classes, [examples].
        weights: Of each example; 1 where not given.

    Returns:
        A temperature of 1 where there are fewer than `LEAST_ROWS` examples.
    """
    of_classes = _of_classes(np.asarray(logits, np.float64))
    ids = np.asarray(labels, np.int64)
    of_each = np.ones(len(ids)) if weights is None else np.asarray(weights, np.float64)
    before = reliability(softmax(of_classes, axis=1), ids, of_each)
    temperature = _temperature(of_classes, ids, of_each) if len(ids) >= LEAST_ROWS else 1.0
    after = reliability(softmax(of_classes / temperature, axis=1), ids, of_each)
    return Calibration(temperature=temperature, examples=len(ids), before=before, after=after)


def reliability(scores: Floats, labels: Ints, weights: Floats) -> Reliability:
    """Sets confidence beside accuracy.

    Args:
        scores: Probabilities [examples, classes].
        labels: Numbers of the classes, [examples].
        weights: Of each example.
    """
    confidence = scores.max(axis=1)
    is_right = scores.argmax(axis=1) == labels
    at = np.minimum((confidence * BINS).astype(np.int64), BINS - 1)
    examples, confident, right = (
        np.bincount(at, weights=weights * each, minlength=BINS) for each in (1.0, confidence, is_right)
    )
    filled = np.flatnonzero(examples > 0)
    with np.errstate(divide="ignore"):
        crossentropy = -np.log(scores[np.arange(len(labels)), labels])
    return Reliability(
        crossentropy=float(np.average(crossentropy, weights=weights)),
        expected_error=float(np.abs(confident - right).sum() / examples.sum()),
        bins=tuple(
            ReliabilityBin(
                examples=float(examples[each]),
                confidence=float(confident[each] / examples[each]),
                accuracy=float(right[each] / examples[each]),
            )
            for each in filled
        ),
    )


def _of_classes(logits: Floats) -> Floats:
    return np.column_stack([np.zeros(len(logits)), logits]) if logits.shape[1] == 1 else logits


def _temperature(logits: Floats, labels: Ints, weights: Floats) -> float:
    rows = np.arange(len(labels))

    def crossentropy(log_temperature: float) -> float:
        return float(-np.average(log_softmax(logits / np.exp(log_temperature), axis=1)[rows, labels], weights=weights))

    found = minimize_scalar(crossentropy, bounds=(np.log(COLDEST), np.log(HOTTEST)), method="bounded")
    return float(np.exp(found.x)) if found.fun < crossentropy(0.0) else 1.0
