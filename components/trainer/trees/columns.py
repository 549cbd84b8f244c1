"""Says which columns are categories, and hands rows to the library as it wants them."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from components.trainer.trees.forest import CODES, Rows

LEAST_CODES = 2
"""A category of one code is a number as good: there or missing."""


@dataclass(frozen=True)
class Columns:
    """The columns of some training rows, in the order of the library: those that are categories, then the numbers.

    Attributes:
        order: The number of each column in a row.
        codes: Of each category the codes that training has, ascending, of which those from `CODES` - 1 on are one.
    """

    order: tuple[int, ...]
    codes: tuple[npt.NDArray[np.int64], ...]

    @classmethod
    def of(cls, rows: Rows, categorical: Sequence[int]) -> "Columns":
        """Looks at training rows.

        Args:
            rows: The rows.
            categorical: Which columns hold codes of categories.
        """
        found = {column: np.unique(_codes(rows[:, column])) for column in categorical}
        found = {column: codes[codes >= 0] for column, codes in found.items()}
        chosen = [column for column, codes in found.items() if len(codes) >= LEAST_CODES]
        numbers = [column for column in range(rows.shape[1]) if column not in chosen]
        return cls((*chosen, *numbers), tuple(found[column] for column in chosen))

    @property
    def is_categorical(self) -> npt.NDArray[np.bool_]:
        """Whether it is, bool [columns], in the library's order."""
        return np.arange(len(self.order)) < len(self.codes)

    def encoded(self, rows: Rows) -> npt.NDArray[np.float64]:
        """Returns the rows as the library takes them: categories as 0, 1, 2, ..., NaN for one that training hasn't."""
        made = np.empty(rows.shape, np.float64)
        for place, column in enumerate(self.order):
            made[:, place] = rows[:, column]
        for place, codes in enumerate(self.codes):
            given = _codes(rows[:, self.order[place]])
            at = np.minimum(np.searchsorted(codes, given), len(codes) - 1)
            made[:, place] = np.where(codes[at] == given, at, np.nan)
        return made


def _codes(values: npt.NDArray[np.float32]) -> npt.NDArray[np.int64]:
    """Returns the codes; -1 for a missing one."""
    return np.where(values >= 0, np.minimum(values, CODES - 1), -1).astype(np.int64)
