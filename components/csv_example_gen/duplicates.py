"""Finds rows that are the same in different splits, in 12 bytes a row.

Each block of rows is packed into bytes: a hash of each row, whose last two bits are replaced by its split, and its
place in the block. Rows with the same hash but for those bits are taken for the same: among 10 million different rows
the chance that any two are is 1 in 90,000.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from components.contract import SPLITS
from components.csv_example_gen.splits import UNUSED, Hashes, SplitNumbers

PARTITIONS = 16
SPLIT_BITS = np.uint64(2)
PACKED = np.dtype([("hash", "<u8"), ("at", "<u4")])

Copy: TypeAlias = tuple[str, int, int]
"""(split, number of the file, lines of the file before the row)."""


@dataclass(frozen=True)
class HashedRows:
    """The rows of one block that fall in one partition.

    Attributes:
        file: Number of the file.
        first_line: Lines of the file before the block.
        packed: Of the type `PACKED`, as bytes.
    """

    file: int
    first_line: int
    packed: bytes

    @property
    def rows(self) -> int:
        """How many."""
        return len(self.packed) // PACKED.itemsize


def packed_by_partition(
    file: int, first_line: int, hashes: Hashes, splits: SplitNumbers, lines: npt.NDArray[np.int64]
) -> Iterator[tuple[int, HashedRows]]:
    """Yields the rows that are used, by partition of their hashes.

    Args:
        file: Number of the file.
        first_line: Lines of the file before the block's range.
        hashes: uint64 [rows].
        splits: int8 [rows].
        lines: int64 [rows]: lines of the range before each row.
    """
    rows = np.zeros(len(hashes), PACKED)
    rows["hash"] = (hashes >> SPLIT_BITS << SPLIT_BITS) | splits.astype(np.uint64)
    base = int(lines[0]) if len(lines) else 0
    rows["at"] = lines - base
    rows = rows[splits != UNUSED]
    partitions = (rows["hash"] >> np.uint64(60)).astype(np.int8)
    for number in range(PARTITIONS):
        chosen = rows[partitions == number]
        if len(chosen):
            yield number, HashedRows(file, first_line + base, chosen.tobytes())


def in_different_splits(blocks: Iterable[HashedRows]) -> list[tuple[Copy, ...]]:
    """Returns groups of rows that are the same in different splits.

    Args:
        blocks: All the blocks of one partition.

    Returns:
        The rows of each group, sorted.
    """
    kept = list(blocks)
    rows = [np.frombuffer(block.packed, PACKED) for block in kept]
    sizes = [len(block) for block in rows]
    everything = np.concatenate([block["hash"] for block in rows]) if rows else np.zeros(0, np.uint64)
    order = np.argsort(everything, kind="stable")
    hashes = everything[order] >> SPLIT_BITS
    splits = everything[order] & np.uint64(3)
    # Sorted by split within a hash: a group that spans splits has a step in the split somewhere.
    same = hashes[1:] == hashes[:-1]
    differing = np.unique(hashes[1:][same & (splits[1:] != splits[:-1])])
    ends = np.cumsum(sizes)
    groups = []
    for value in differing:
        start, stop = np.searchsorted(hashes, value), np.searchsorted(hashes, value, side="right")
        members = []
        for position in range(start, stop):
            row = int(order[position])
            block = int(np.searchsorted(ends, row, side="right"))
            at = int(rows[block]["at"][row - (ends[block] - sizes[block])])
            members.append((SPLITS[int(splits[position])], kept[block].file, kept[block].first_line + at))
        groups.append(tuple(sorted(members)))
    return groups
