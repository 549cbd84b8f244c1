"""What columns are looked at for: how far each tells the classes, or the number, that is to be predicted."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from components.arrow import pa, pc
from components.column_roles import LEAST_ROWS
from components.contract import LABEL, REGRESSION, Task

Values: TypeAlias = npt.NDArray[np.float64]

TWO = 2
ALL_BUT_ONE = 0.998
SAME_ORDER = 0.9999
"""A column whose rank correlation with the number to predict is this or more has it in another form."""


@dataclass(frozen=True)
class Classes:
    """Classes.

    Attributes:
        codes: The number of each row's class, [rows].
        count: How many classes there are.
    """

    codes: npt.NDArray[np.int64]
    count: int

    def at(self, rows: npt.NDArray[np.bool_]) -> "Classes":
        """Returns those of some rows."""
        return Classes(self.codes[rows], self.count)

    def numbers(self) -> Iterator[Values]:
        """Yields for each class whether a row is of it, [rows]."""
        return ((self.codes == each).astype(np.float64) for each in range(self.count))

    def order_told_by(self, values: pa.Array) -> float:
        """Returns |2 AUC - 1| of two classes, with the values as a score, by the rank sum (Mann and Whitney, 1947)."""
        if self.count != TWO:
            return 0.0
        present = values.is_valid().to_numpy(zero_copy_only=False)
        positive = self.codes[present] == 1
        ones, zeros = int(positive.sum()), int((~positive).sum())
        if not ones or not zeros:
            return 0.0
        area = (_ranks(_numbers(values))[positive].sum() - ones * (ones + 1) / 2) / (ones * zeros)
        return abs(2 * float(area) - 1)

    def is_copied_by(self, values: pa.Array, distinct: int, told: float) -> bool:
        """Whether there is a value for each class, and the class follows from the value.

        Args:
            values: Of the column.
            distinct: How many different ones there are.
            told: What `order_told_by` says of them.
        """
        del told
        if distinct != self.count:
            return False
        encoded = pc.dictionary_encode(values, null_encoding="encode")
        pairs = np.zeros((len(encoded.dictionary), self.count), np.int64)
        np.add.at(pairs, (encoded.indices.to_numpy(zero_copy_only=False), self.codes), 1)
        followed = pairs.max(axis=1).sum() / len(self.codes)
        by_commonest = pairs.sum(axis=0).max() / len(self.codes)
        # Of very unbalanced classes nearly all rows are of one, whatever the column holds.
        return bool(1 - followed <= (1 - ALL_BUT_ONE) * 2 * (1 - by_commonest))


@dataclass(frozen=True)
class Numbers:
    """A number to predict.

    Attributes:
        values: Of each row, [rows].
    """

    values: Values

    def at(self, rows: npt.NDArray[np.bool_]) -> "Numbers":
        """Returns those of some rows."""
        return Numbers(self.values[rows])

    def numbers(self) -> Iterator[Values]:
        """Yields the one number of each row, [rows]."""
        yield self.values

    def order_told_by(self, values: pa.Array) -> float:
        """Returns the absolute value of the rank correlation with a column (Spearman, 1904)."""
        present = values.is_valid().to_numpy(zero_copy_only=False)
        column, label = _ranks(_numbers(values)), _ranks(self.values[present])
        column, label = (ranks - ranks.mean() if len(ranks) else ranks for ranks in (column, label))
        spread = np.sqrt((column**2).sum() * (label**2).sum())
        return abs(float((column * label).sum() / spread)) if spread else 0.0

    def is_copied_by(self, values: pa.Array, distinct: int, told: float) -> bool:
        """Whether a column is the number in another form, such as its logarithm; arguments as above.

        The few values of a column that most rows lack may rise with the number by chance.
        """
        del distinct
        given = len(values) - values.null_count
        return told >= SAME_ORDER and given >= LEAST_ROWS and 2 * given > len(values)


Target: TypeAlias = Classes | Numbers


def target_of(table: pa.Table, task: Task) -> Target:
    """Returns what is to be predicted of some rows, as records have it under `LABEL`."""
    labels = table[LABEL].combine_chunks()
    if task == REGRESSION:
        return Numbers(labels.to_numpy(zero_copy_only=False).astype(np.float64))
    encoded = pc.dictionary_encode(labels)
    return Classes(encoded.indices.to_numpy(zero_copy_only=False), len(encoded.dictionary))


def _numbers(values: pa.Array) -> Values:
    found: npt.NDArray[Any] = values.drop_null().to_numpy(zero_copy_only=False)
    return found.astype(np.float64)


def _ranks(numbers: Values) -> Values:
    """From 1 on; equal numbers share the mean of theirs."""
    _, inverse, counts = np.unique(numbers, return_inverse=True, return_counts=True)
    return np.asarray((np.cumsum(counts) - (counts - 1) / 2)[inverse])
