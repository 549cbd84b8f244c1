"""Describes a number to predict, and says whether a label of numbers is one."""

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from components.contract import CLASSIFICATION, REGRESSION, Task
from components.csv_example_gen.config import ColumnType
from components.metric_text import digits_of
from components.trainer.mlp.config import LabelScale
from components.wording import printable
from pipeline.profile.features import SKEWED, skewness

Values: TypeAlias = npt.NDArray[np.float64]

MOST_CLASSES = 20
"""A label of numbers with a fraction, of which there are more than this, is a number to predict."""

MOST_WHOLE_CLASSES = 50
"""The same of whole numbers, which classes are often written as."""


@dataclass(frozen=True)
class NumberLabel:
    """What the label is in the rows that were read.

    Attributes:
        count: How many rows that are.
        distinct: Different values.
        lowest: The least.
        highest: The greatest.
        mean: Of them.
        deviation: Their standard deviation.
        skewness: 0 where they are the same to both sides of their mean, above 0 with a few that are much greater.
        skewness_of_logarithms: The same of their logarithms; None where they aren't all above 0.
    """

    count: int
    distinct: int
    lowest: float
    highest: float
    mean: float
    deviation: float
    skewness: float
    skewness_of_logarithms: float | None

    @property
    def scale(self) -> LabelScale:
        """What had better be learned of it: its logarithm where it is skewed and the logarithm isn't."""
        of_logarithms = self.skewness_of_logarithms
        return "log" if of_logarithms is not None and self.skewness > SKEWED >= abs(of_logarithms) else "standard"


def describe(values: Values) -> NumberLabel:
    """Returns what there is to say of some labels, one at least."""
    positive = values.min() > 0
    return NumberLabel(
        count=len(values),
        distinct=len(np.unique(values)),
        lowest=float(values.min()),
        highest=float(values.max()),
        mean=float(values.mean()),
        deviation=float(values.std()),
        skewness=skewness(values),
        skewness_of_logarithms=skewness(np.log(values)) if positive else None,
    )


def about(label: NumberLabel, name: str) -> str:
    """Returns what the number is like."""
    return (
        f"To predict: {printable(name)}, from {digits_of(label.lowest)} to {digits_of(label.highest)}, mean "
        f"{digits_of(label.mean)}, standard deviation {digits_of(label.deviation)}."
    )


def proposed_task(kind: ColumnType, values: Values) -> Task:
    """Returns what a label is taken for: a class, or a number to predict.

    Args:
        kind: Its type, by the cells that were looked at.
        values: The numbers that were read; empty where there is none.
    """
    if kind not in ("float", "int") or not len(values):
        return CLASSIFICATION
    distinct = np.unique(values)
    whole = bool((distinct == np.round(distinct)).all())
    return REGRESSION if len(distinct) > (MOST_WHOLE_CLASSES if whole else MOST_CLASSES) else CLASSIFICATION
