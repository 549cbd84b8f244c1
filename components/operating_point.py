"""Chooses the probability above which the second of two classes is answered, on the validation split."""

from typing import Annotated, Literal, TypeAlias

import numpy as np
import numpy.typing as npt
from pydantic import Field
from typing_extensions import assert_never

from components.errors import TransferlineError
from components.settings import Settings

PLACE = "trainer.operating_point"
EVEN = 0.5
"""The cut of a model that nothing else was asked of: the likelier class is answered."""

Floats: TypeAlias = npt.NDArray[np.float64]


class Maximize(Settings):
    """The cut at which a metric is highest.

    Attributes:
        kind: Always "maximize".
        metric: "f1" is that of the second class; "balanced_accuracy" is the mean of both classes' recall.
    """

    kind: Literal["maximize"] = "maximize"
    metric: Literal["accuracy", "balanced_accuracy", "f1"] = "f1"

    @property
    def in_words(self) -> str:
        """What the cut is chosen for."""
        return f"the highest {self.metric}"


class AtPrecision(Settings):
    """The cut with the highest recall of the second class, of those with this precision or a higher one.

    Attributes:
        kind: Always "at_precision".
        precision: The lowest share of right ones among the answers for the second class.
    """

    kind: Literal["at_precision"] = "at_precision"
    precision: float = Field(gt=0, le=1)

    @property
    def in_words(self) -> str:
        """What the cut is chosen for."""
        return f"a precision of {self.precision:g} or more"


class AtRecall(Settings):
    """The highest cut that finds this share of the second class, or more.

    Attributes:
        kind: Always "at_recall".
        recall: The lowest share of the second class's examples that are found.
    """

    kind: Literal["at_recall"] = "at_recall"
    recall: float = Field(gt=0, le=1)

    @property
    def in_words(self) -> str:
        """What the cut is chosen for."""
        return f"a recall of {self.recall:g} or more"


class LeastCost(Settings):
    """The cut at which mistakes cost the least.

    Attributes:
        kind: Always "least_cost".
        false_positive: Cost of answering the second class where it is the first.
        false_negative: Cost of answering the first class where it is the second.
    """

    kind: Literal["least_cost"] = "least_cost"
    false_positive: float = Field(default=1.0, gt=0)
    false_negative: float = Field(default=1.0, gt=0)

    @property
    def in_words(self) -> str:
        """What the cut is chosen for."""
        return f"the least cost, {self.false_positive:g} a false positive and {self.false_negative:g} a false negative"


OperatingPoint: TypeAlias = Annotated[Maximize | AtPrecision | AtRecall | LeastCost, Field(discriminator="kind")]


class Candidates:
    """All cuts that differ in what they answer, the highest first, with the answers that each gives.

    Attributes:
        cuts: float64 [cuts]: each lies halfway between two probabilities; the first answers the first class always.
        true_positives: float64 [cuts]: sums of weights.
        false_positives: float64 [cuts].
        positives: Sum of the weights of the second class.
        negatives: Sum of the weights of the first.
    """

    def __init__(self, probabilities: npt.ArrayLike, is_second: npt.ArrayLike, weights: npt.ArrayLike | None) -> None:
        scores = np.asarray(probabilities, np.float64)
        second = np.asarray(is_second, bool)
        of_each = np.ones(len(scores)) if weights is None else np.asarray(weights, np.float64)
        order = np.argsort(-scores, kind="stable")
        scores, second, of_each = scores[order], second[order], of_each[order]
        # A cut can't part equal probabilities: what counts is the sum up to the last of each.
        last = np.append(np.flatnonzero(np.diff(scores)), len(scores) - 1)
        levels = scores[last]
        self.true_positives = np.append(0.0, np.cumsum(of_each * second)[last])
        self.false_positives = np.append(0.0, np.cumsum(of_each * ~second)[last])
        self.positives, self.negatives = float(self.true_positives[-1]), float(self.false_positives[-1])
        # The last one answers the second class always, one of probability 0 too.
        self.cuts = _between(np.concatenate([[1.0], levels, [0.0 if levels[-1] > 0 else -1.0]]))

    @property
    def precision(self) -> Floats:
        """Of the answers for the second class; 0 where there are none."""
        answered = self.true_positives + self.false_positives
        return np.divide(self.true_positives, answered, out=np.zeros_like(answered), where=answered > 0)

    @property
    def recall(self) -> Floats:
        """Of the second class."""
        return self.true_positives / self.positives

    def value_of(self, metric: Literal["accuracy", "balanced_accuracy", "f1"]) -> Floats:
        """Returns a metric at each cut."""
        true_negatives = self.negatives - self.false_positives
        match metric:
            case "accuracy":
                return (self.true_positives + true_negatives) / (self.positives + self.negatives)
            case "balanced_accuracy":
                return (self.recall + true_negatives / self.negatives) / 2
            case "f1":
                return 2 * self.true_positives / (self.true_positives + self.false_positives + self.positives)
            case _:
                assert_never(metric)


def choose_cut(
    wanted: OperatingPoint,
    probabilities: npt.ArrayLike,
    is_second: npt.ArrayLike,
    weights: npt.ArrayLike | None = None,
) -> float:
    """Returns the cut: the second class is answered where its probability is above it.

    Of cuts that are equally good the one nearest to 0.5 is taken.

    Args:
        wanted: What the cut is chosen by.
        probabilities: Of the second class, [examples].
        is_second: Whether each example is of the second class, [examples].
        weights: Of each example; 1 where not given.

    Returns:
        A number below 1 that float32 holds exactly; below 0 only where the second class is to be answered always, and
        has a probability of 0.

    Raises:
        TransferlineError: A class is missing, or no cut reaches what is asked for.
    """
    candidates = Candidates(probabilities, is_second, weights)
    if not candidates.positives or not candidates.negatives:
        raise TransferlineError(
            "The validation split has examples of one class only, so that no cut between two can be chosen.",
            place=PLACE,
            cure="Have both classes in the validation split, or leave operating_point out.",
        )
    return _best(_goodness(wanted, candidates), candidates.cuts)


def _goodness(wanted: OperatingPoint, candidates: Candidates) -> Floats:
    """Returns how good each cut is; minus infinity where it isn't allowed."""
    match wanted:
        case Maximize():
            return candidates.value_of(wanted.metric)
        case LeastCost():
            missed = candidates.positives - candidates.true_positives
            return -(wanted.false_positive * candidates.false_positives + wanted.false_negative * missed)
        case AtRecall():
            # The more that is answered, the more is found, and the less of it is right.
            allowed = candidates.recall >= wanted.recall
            return np.where(allowed, -candidates.false_positives, -np.inf)
        case AtPrecision():
            allowed = candidates.precision >= wanted.precision
            if not allowed.any():
                best = float(candidates.precision.max())
                raise TransferlineError(
                    f"No cut has a precision of {wanted.precision:g} on the validation split; the highest: {best:.4f}.",
                    place=f"{PLACE}.precision",
                    cure="Ask for less, or choose the cut by f1 or by the cost of each mistake.",
                )
            return np.where(allowed, candidates.recall, -np.inf)
        case _:
            assert_never(wanted)


def _best(goodness: Floats, cuts: Floats) -> float:
    best = np.flatnonzero(goodness == goodness.max())
    return float(cuts[best[np.argmin(np.abs(cuts[best] - EVEN))]])


def _between(levels: Floats) -> Floats:
    """Returns the middle of each two that follow each other, descending, as float32 holds it.

    Probabilities are float32: a middle that is rounded up to the upper one would part nothing.
    """
    upper, lower = levels[:-1].astype(np.float32), levels[1:].astype(np.float32)
    middle = ((upper.astype(np.float64) + lower) / 2).astype(np.float32)
    return np.where(middle < upper, middle, lower).astype(np.float64)
