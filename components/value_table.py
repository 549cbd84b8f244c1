"""Counts how often each value occurs, exactly. Whoever counts decides when there are too many, and what to do then.

Arrow counts a batch at a time; these counts are added up.
"""

from collections.abc import Iterable

from components.arrow import pa

VALUES, COUNTS = "values", "counts"

ADDED_UP_AT_ONCE = 2**16
"""Counts wait until there are as many of them as sums, and at least this many: so each is added up a few times only."""


class ValueTable:
    """How often each value of one type occurs; what workers have counted is merged."""

    def __init__(self) -> None:
        self._summed: list[pa.Table] = []
        self._waiting: list[pa.Table] = []

    def add(self, values: pa.Array, counts: pa.Array) -> None:
        """Adds values that were counted."""
        self._add(pa.Table.from_arrays([values, counts], [VALUES, COUNTS]))

    def merge(self, other: "ValueTable") -> None:
        """Adds what another one has counted."""
        for table in other.parts():
            self._add(table)

    def parts(self) -> tuple[pa.Table, ...]:
        """Returns tables of values and counts, in which a value may occur more than once."""
        return (*self._summed, *self._waiting)

    def summed(self) -> pa.Table | None:
        """Returns how often each value occurred in what was added up so far; None where nothing was."""
        return self._summed[0] if self._summed else None

    def whole(self) -> pa.Table | None:
        """Returns how often each value occurs; None where none does."""
        if self._waiting:
            groups = pa.concat_tables(self.parts()).group_by(VALUES).aggregate([(COUNTS, "sum")])
            self._summed = [pa.Table.from_arrays([groups[VALUES], groups[f"{COUNTS}_sum"]], [VALUES, COUNTS])]
            self._waiting = []
        return self.summed()

    def _add(self, counts: pa.Table) -> None:
        self._waiting.append(counts)
        if _rows(self._waiting) >= max(_rows(self._summed), ADDED_UP_AT_ONCE):
            self.whole()


def _rows(tables: Iterable[pa.Table]) -> int:
    return sum(table.num_rows for table in tables)
