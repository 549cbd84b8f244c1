"""Assigns each row to a split, a whole block of rows at a time."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd

from components.arrow import pa
from components.contract import LABEL, SPLITS
from components.csv_example_gen.config import RowSplit
from components.csv_example_gen.layout import TableLayout
from components.errors import TransferlineError
from components.ingest.strata import ClassHashes, Strata, strata_of

UNUSED = len(SPLITS)
"""The number of the rows that a split by rows leaves out; the others have their split's place in `SPLITS`."""

TRAIN, EVAL, TEST = range(len(SPLITS))
HASH_KEY = "transferline row"
"""The key of the hash of texts, 16 characters."""

GOLDEN = 0x9E3779B97F4A7C15
"""2**64 by the golden ratio."""

SplitNumbers: TypeAlias = npt.NDArray[np.int8]
Hashes: TypeAlias = npt.NDArray[np.uint64]


@dataclass(frozen=True)
class SplitRule:
    """Assigns splits.

    Attributes:
        by: "rows", "hash" or "file".
        settings: The user's.
        key: The columns that are hashed; empty for all.
        inputs: The columns by which conflicts are found; empty where none are counted.
        total_rows: Rows in all files, needed by rows; faults count, so that one more moves no other row.
        has_eval: By file: whether a file is for eval.
    """

    by: str
    settings: RowSplit
    key: tuple[str, ...] = ()
    inputs: tuple[str, ...] = ()
    has_eval: bool = True

    @property
    def may_part_copies(self) -> bool:
        """Whether rows that are the same can come into different splits; the same hash is always in the same one."""
        return self.by != "hash"

    def hashes_of(self, table: pa.Table) -> Hashes:
        """Returns uint64 [rows]: what rows that stay together have in common.

        Args:
            table: The records' columns.
        """
        return _seeded(row_hashes(table.select(self.key) if self.key else table), self.settings.seed)

    def splits_of(
        self,
        hashes: Hashes,
        row_numbers: npt.NDArray[np.int64],
        total: int,
        named: str,
        strata: Strata | None = None,
    ) -> SplitNumbers:
        """Returns the number of each row's split.

        Args:
            hashes: uint64 [rows]: see `hashes_of`.
            row_numbers: int64 [rows]: place of each row among those of all files, from 0.
            total: Rows in all files.
            named: The split that the file names.
            strata: The splits of the rows of rare classes, where the split is stratified.
        """
        if self.by == "rows":
            return self._by_rows(row_numbers, total)
        if self.by == "file" and (named != "train" or self.has_eval):
            return np.full(len(hashes), SPLITS.index(named), np.int8)
        at = hashes / 2.0**64
        if self.by == "file":
            share = self.settings.eval / (self.settings.train + self.settings.eval)
            return np.where(at < share, EVAL, TRAIN).astype(np.int8)
        bounds = [self.settings.train, self.settings.train + self.settings.eval]
        splits = np.searchsorted(bounds, at, side="right").astype(np.int8)
        return strata.applied(hashes, splits) if strata else splits

    def strata_of(self, classes: ClassHashes) -> Strata:
        """Returns the splits of the rows of rare classes.

        Args:
            classes: The hashes of all rows, see `hashes_of`, by class.
        """
        return strata_of(classes, (self.settings.train, self.settings.eval, self.settings.test))

    def _by_rows(self, row_numbers: npt.NDArray[np.int64], total: int) -> SplitNumbers:
        first_test = total - self.settings.test_rows_of(total)
        train_end = first_test
        if self.settings.train_rows is not None:
            train_end = min(self.settings.eval_rows + self.settings.train_rows, first_test)
        return np.select(
            [row_numbers < self.settings.eval_rows, row_numbers < train_end, row_numbers >= first_test],
            [EVAL, TRAIN, TEST],
            UNUSED,
        ).astype(np.int8)


def make_rule(settings: RowSplit, layout: TableLayout, label: str, no_inputs: Collection[str] = ()) -> SplitRule:
    """Returns the rule for these files.

    Args:
        settings: The user's.
        layout: The files.
        label: The label's column.
        no_inputs: Other columns that aren't learned from; see `inputs_of`.

    Raises:
        TransferlineError: The settings ask for a split by file that the names don't tell, or for a stratified one that
            isn't by hash.
    """
    named = {file.split for file in layout.files if not file.empty}
    by = settings.by
    if by == "auto":
        by = "file" if "train" in named and "" not in named and len(named) > 1 else "hash"
    if by == "file" and ("" in named or not {"train", "test"} <= named):
        nameless = [file.name for file in layout.files if not file.split]
        raise TransferlineError(
            "The rows are to be split by file, but "
            + (f"{nameless[0]} names no split." if nameless else "no file is for " + _missing(named)),
            place="data.split.by",
            cure="Name the files or their folders train, validation and test, or split by hash or by rows.",
        )
    if settings.stratify and by != "hash":
        raise TransferlineError(
            f"The split is to be stratified, but it goes by {by}.",
            place="data.split.stratify",
            cure='Set data.split.by to "hash", or leave data.split.stratify out.',
        )
    key = (settings.group,) if settings.group else settings.key
    return SplitRule(
        by,
        settings,
        key=tuple(LABEL if name == label else name for name in key),
        inputs=inputs_of(settings, layout, no_inputs),
        has_eval="eval" in named,
    )


def inputs_of(settings: RowSplit, layout: TableLayout, no_inputs: Collection[str] = ()) -> tuple[str, ...]:
    """Returns the columns by which conflicts are found; none where they aren't counted.

    Args:
        settings: The user's.
        layout: The files.
        no_inputs: Columns that aren't learned from, such as the key of each row, by which no two rows would be the
            same; a key of the settings goes before them.
    """
    if not settings.count_conflicts:
        return ()
    names = settings.key or [name for name in layout.types if name not in no_inputs]
    return tuple(name for name in names if name != layout.label)


def check_enough_rows(settings: RowSplit, total: int, place: str) -> None:
    """Checks that a split by rows has the rows that it asks for.

    Raises:
        TransferlineError: It hasn't.
    """
    train_rows = settings.train_rows if settings.least_test is None else None
    if total < settings.eval_rows + settings.test_rows_of(total) + (train_rows or 1):
        raise TransferlineError(
            f"There are {total:,} rows, and the split asks for {settings.eval_rows:,} to validate, "
            f"{settings.train_rows or 'some'} to train and {settings.test_rows_of(total):,} to test.",
            place=place,
            cure="Lower data.split.eval_rows, train_rows or test_rows, or split by hash.",
        )


def row_hashes(table: pa.Table) -> Hashes:
    """Returns uint64 [rows], the same for the same values whatever the order of the columns; a missing value counts."""
    names = sorted(table.column_names)
    hashes = [_column_hashes(table[name]) for name in names]
    combined = np.zeros(table.num_rows, np.uint64)
    # As in boost::hash_combine, so that neither a change of places nor two equal columns cancel out.
    for column in hashes:
        combined ^= column + np.uint64(GOLDEN) + (combined << np.uint64(6)) + (combined >> np.uint64(2))
    return _mixed(combined)


def _column_hashes(column: pa.ChunkedArray) -> Hashes:
    values = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    if pa.types.is_floating(values.type):
        numbers = values.to_numpy(zero_copy_only=False).astype(np.float64)
        return np.asarray(pd.util.hash_array(numbers + 0.0, hash_key=HASH_KEY))
    return np.asarray(pd.util.hash_array(values.to_pandas().to_numpy(), hash_key=HASH_KEY))


def _seeded(hashes: Hashes, seed: int) -> Hashes:
    """Returns other hashes for each seed, different ones for different hashes; the same ones for 0."""
    # The increment of SplitMix64, whose multiples lie far apart.
    return _mixed(hashes + np.uint64(seed * GOLDEN % 2**64)) if seed else hashes


def _mixed(hashes: Hashes) -> Hashes:
    """Spreads a difference in any bit over all of them. Source: the finaliser of SplitMix64 (Steele et al., 2014)."""
    mixed = (hashes ^ (hashes >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return np.asarray(mixed ^ (mixed >> np.uint64(31)))


def _missing(named: Sequence[str] | set[str]) -> str:
    return " and ".join(split for split in ("train", "test") if split not in named) + "."
