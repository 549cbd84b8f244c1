"""Counts what is in each column of the splits.

Arrow counts a block of rows at a time; the counts of blocks and workers are added up. All of it is exact: a column with
more different values than are worth counting has none counted at all, and says so.
"""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np

from components.arrow import pa, pc
from components.contract import LABEL, SPLITS
from components.csv_example_gen.column_counts import LISTED_VALUES, LONGEST_VALUE, MOST_DISTINCT, ColumnCounts
from components.csv_example_gen.config import ColumnType
from components.ingest.column_splits import ColumnSplits, SplitColumn
from components.value_table import COUNTS, VALUES, ValueTable

HASHED = "\0sha256:"
"""What a text beyond `LONGEST_VALUE` is counted as begins with: 200,000 of them would take memory."""

LOOKED_AT = 2_000
"""Rows of a block that tell of most columns of floats that they have too many values."""

TRAIN = SPLITS[0]

NOTHING = pa.table({VALUES: pa.array([], pa.string()), COUNTS: pa.array([], pa.int64())})

SHOWN_UNSEEN = 5
"""Values that training doesn't have which are named."""


@dataclass
class Tally:
    """What was counted in a column so far.

    Attributes:
        kind: The column's type.
        rows: Records.
        missing: Those without a value.
        lowest: The least value of numbers.
        highest: The greatest.
        too_many: Whether it has more different values than are counted.
    """

    kind: ColumnType
    rows: int = 0
    missing: int = 0
    lowest: int | float | None = None
    highest: int | float | None = None
    too_many: bool = False
    _table: ValueTable = field(default_factory=ValueTable)

    def add(self, column: pa.Array, *, with_values: bool = True, with_range: bool = True) -> None:
        """Counts the values of a block.

        Args:
            column: Of the type that records have.
            with_values: Whether to count each; it is known to have too many if not.
            with_range: Whether to look for the least and the greatest.
        """
        self.rows += len(column)
        self.missing += column.null_count
        given = column.drop_null() if column.null_count else column
        if with_range and self.kind != "string" and len(given):
            found = pc.min_max(given).as_py()
            self._widen(found["min"], found["max"])
        if not with_values:
            self._give_up()
            return
        if self.kind == "float":
            given = pc.add(given, pa.scalar(0.0, given.type))  # -0.0 is 0.0
        if _plainly_too_many(given, self.kind):
            self._give_up()
        elif len(given) and not self.too_many:
            values, counts = given.value_counts().flatten()
            if self.kind == "string":
                values = _hashed(values)
            self._table.add(values, counts)
            self._check()

    def merge(self, other: "Tally") -> None:
        """Adds what another one has counted."""
        self.rows += other.rows
        self.missing += other.missing
        self._widen(other.lowest, other.highest)
        if other.too_many:
            self._give_up()
        elif not self.too_many:
            self._table.merge(other._table)
            self._check()

    def counts(self, name: str) -> ColumnCounts:
        """Returns the result.

        Args:
            name: The feature's name.
        """
        counted = self._counted()
        return ColumnCounts(
            name=name,
            type=self.kind,
            rows=self.rows,
            missing=self.missing,
            distinct=MOST_DISTINCT[self.kind] if counted is None else counted.num_rows,
            more_distinct=self.too_many,
            values=self._values(counted) if counted else {},
            lowest=self.lowest,
            highest=self.highest,
        )

    def beside(self, train: "Tally | None") -> SplitColumn:
        """Returns what the column has of another split than training.

        Args:
            train: What was counted in it in the training split; None where that has no record.
        """
        found = SplitColumn(rows=self.rows, missing=self.missing)
        known = train._counted() if train else None
        if known is None or self.kind == "date":
            return found
        counted = self._counted()
        if counted is None:
            least = max(0, MOST_DISTINCT[self.kind] - known.num_rows)
            return found.model_copy(update={"unseen": least})
        if known.num_rows and counted.num_rows:
            is_known = pc.is_in(counted[VALUES], value_set=known[VALUES].combine_chunks())
            counted = counted.filter(pc.invert(is_known))
        unseen = pc.sum(counted[COUNTS]).as_py() or 0
        return found.model_copy(update={"unseen": unseen, "first_unseen": tuple(self._texts(counted, SHOWN_UNSEEN))})

    def _counted(self) -> pa.Table | None:
        """How often each value occurs; None where there are too many."""
        found = self._table.whole()
        self._check()
        if self.too_many:
            return None
        return NOTHING if found is None else found

    def _values(self, counted: pa.Table) -> dict[str, int]:
        """How often each value occurs, where those of the type are listed."""
        if self.kind == "date" or (self.kind != "string" and counted.num_rows > LISTED_VALUES):
            return {}
        return self._texts(counted, LISTED_VALUES)

    def _texts(self, counted: pa.Table, most: int) -> dict[str, int]:
        """How often the most frequent values occur, as text."""
        if self.kind == "string" and counted.num_rows:
            counted = counted.filter(pc.invert(pc.starts_with(counted[VALUES], HASHED)))
        first = counted.sort_by([(COUNTS, "descending"), (VALUES, "ascending")]).slice(0, most).to_pydict()
        values = first[VALUES] if self.kind == "string" else map(_text, first[VALUES])
        return dict(zip(values, first[COUNTS], strict=True))

    def _widen(self, low: int | float | None, high: int | float | None) -> None:
        if low is not None and high is not None:
            self.lowest = low if self.lowest is None else min(self.lowest, low)
            self.highest = high if self.highest is None else max(self.highest, high)

    def _check(self) -> None:
        found = self._table.summed()
        if found is not None and found.num_rows > MOST_DISTINCT[self.kind]:
            self._give_up()

    def _give_up(self) -> None:
        self.too_many = True
        self._table = ValueTable()


Tallies: TypeAlias = dict[str, Tally]
"""By the feature's name."""

SplitTallies: TypeAlias = dict[str, Tally]
"""Of one feature, by the split."""


def tallies_of(
    table: pa.Table, types: Mapping[str, ColumnType], too_many: Iterable[str] = (), *, with_ranges: bool = True
) -> Tallies:
    """Counts the values of each column of a block of records.

    Args:
        table: The records' columns.
        types: The type of each that is counted.
        too_many: Columns that are known to have too many values.
        with_ranges: Whether to look for the least and the greatest of each.
    """
    known = frozenset(too_many)
    found = {name: Tally(kind) for name, kind in types.items()}
    for name, tally in found.items():
        tally.add(table[name].combine_chunks(), with_values=name not in known, with_range=with_ranges)
    return found


def add_up(tallies: Tallies, more: Tallies) -> None:
    """Adds counts to others."""
    for name, tally in more.items():
        if name in tallies:
            tallies[name].merge(tally)
        else:
            tallies[name] = tally


def summed(tallies: Iterable[Tally]) -> Tally:
    """Adds up what workers have counted in one column; the first of them takes over the others."""
    first, *others = tallies
    for other in others:
        first.merge(other)
    return first


def summed_splits(tallies: Iterable[SplitTallies]) -> SplitTallies:
    """Adds up what workers have counted in one column, split by split."""
    found: SplitTallies = {}
    for each in tallies:
        add_up(found, each)
    return found


def column_splits(name: str, kind: ColumnType, tallies: SplitTallies) -> ColumnSplits:
    """Returns what a column has in each split.

    Args:
        name: The feature's name.
        kind: Its type.
        tallies: What was counted in it.
    """
    train = tallies.get(TRAIN)
    own = {TRAIN: SplitColumn(rows=train.rows, missing=train.missing)} if train else {}
    # In an order of their own: which split a worker comes to first is the engine's choice.
    others = {split: tallies[split].beside(train) for split in SPLITS if split in tallies and split != TRAIN}
    return ColumnSplits(name=name, type=kind, splits={**own, **others})


def record_types(types: Mapping[str, ColumnType], label: str, label_type: ColumnType) -> dict[str, ColumnType]:
    """Returns the type of each feature of the records, of which the label has a name and a type of its own.

    Args:
        types: The type of each column.
        label: The label's column.
        label_type: Its type in the records.
    """
    return {LABEL if name == label else name: label_type if name == label else kind for name, kind in types.items()}


def _plainly_too_many(given: pa.Array, kind: ColumnType) -> bool:
    most = MOST_DISTINCT[kind]
    return most < LOOKED_AT and len(pc.unique(given.slice(0, LOOKED_AT))) > most


def _hashed(texts: pa.Array) -> pa.Array:
    """Returns texts of which long ones are replaced by a hash of them."""
    long = pc.greater(pc.binary_length(texts), LONGEST_VALUE)
    if not pc.any(long).as_py():
        return texts
    hashes = [HASHED + hashlib.sha256(text.encode()).hexdigest() for text in texts.filter(long).to_pylist()]
    return pc.replace_with_mask(texts, long, pa.array(hashes, texts.type))


def _text(number: int | float) -> str:
    """Returns a number as text, as short as tells it from other float32s; 1.0 and 1 are one value."""
    return str(int(number)) if number == int(number) else str(np.float32(number))
