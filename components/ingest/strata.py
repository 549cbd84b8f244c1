"""Gives each class its shares of train, eval and test, where a hash alone would do so on average only.

Of five records of a class a tenth is none, in three cases of five. So the records of a rare class are put in the order
of their hashes and cut where its shares end; those of a frequent class go by the hash alone, which deviates little from
so many. Records of one hash, which are of one group or have the same inputs, stay together whatever their classes are.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from components.contract import SPLITS

RARE = 10_000
"""A class of no more records is rare. Of more, a tenth by hash deviates by 3 % (the standard deviation) or less."""

TRAIN, EVAL, TEST = range(len(SPLITS))

Hashes: TypeAlias = npt.NDArray[np.uint64]
Ints: TypeAlias = npt.NDArray[np.int64]
SplitNumbers: TypeAlias = npt.NDArray[np.int8]

ClassHashes: TypeAlias = Mapping[str, Hashes | None]
"""The hash of each record by class; None for a class that isn't rare."""


@dataclass(frozen=True)
class Strata:
    """The splits of the records of rare classes.

    Attributes:
        hashes: uint64, ascending: each once.
        splits: int8: the split of the records that have the hash.
    """

    hashes: Hashes
    splits: SplitNumbers

    def applied(self, hashes: Hashes, splits: SplitNumbers) -> SplitNumbers:
        """Returns the splits of records, those of rare classes as they are here.

        Args:
            hashes: uint64 [records].
            splits: int8 [records]: by the hash alone.
        """
        if not len(self.hashes):
            return splits
        at = np.minimum(np.searchsorted(self.hashes, hashes), len(self.hashes) - 1)
        return np.where(self.hashes[at] == hashes, self.splits[at], splits).astype(np.int8)

    def split_of(self, hashed: int, split: str) -> str:
        """Returns the split of one record, of which these are the hash and the split by it alone."""
        alone = np.array([SPLITS.index(split)], np.int8)
        return SPLITS[int(self.applied(np.array([hashed], np.uint64), alone)[0])]


def strata_of(classes: ClassHashes, shares: Sequence[float]) -> Strata:
    """Returns the splits of the records of rare classes: the rarest class is served first.

    Args:
        classes: The hashes of the records by class.
        shares: Of train, eval and test; their sum is 1.
    """
    rare = {name: np.unique(hashes, return_counts=True) for name, hashes in classes.items() if hashes is not None}
    if not rare:
        return Strata(np.zeros(0, np.uint64), np.zeros(0, np.int8))
    every, times = np.unique(np.concatenate([hashes for hashes, _ in rare.values()]), return_counts=True)
    splits = np.full(len(every), -1, np.int8)
    is_shared = times > 1
    for _, (hashes, rows) in sorted(rare.items(), key=lambda each: (each[1][1].sum(), each[0])):
        at = np.searchsorted(every, hashes)
        splits[at] = _spread(rows.astype(np.int64), np.where(is_shared[at], splits[at], -1), shares)
    return Strata(every, splits)


def _spread(rows: Ints, given: SplitNumbers, shares: Sequence[float]) -> SplitNumbers:
    """Returns the split of each hash of a class.

    Args:
        rows: int64 [hashes]: how many records have it; the hashes are in their order.
        given: int8 [hashes]: its split where a rarer class has set it, else -1.
        shares: Of the splits.
    """
    splits = given.copy()
    free = splits < 0
    taken = np.bincount(splits[~free], weights=rows[~free], minlength=len(SPLITS))
    wanted = np.maximum(_whole_shares(int(rows.sum()), shares) - taken, 0)
    if free.any():
        bounds = np.cumsum(wanted)[:-1] * (rows[free].sum() / wanted.sum())
        middles = np.cumsum(rows[free]) - rows[free] / 2
        splits[free] = np.searchsorted(bounds, middles, side="right")
    for empty in (TEST, EVAL):
        movable = np.flatnonzero(free & (splits == TRAIN))
        if empty not in splits and len(movable) and (splits == TRAIN).sum() > 1:
            splits[movable[-1]] = empty
    return splits


def _whole_shares(records: int, shares: Sequence[float]) -> Ints:
    """Returns how many records each split gets, by the largest remainder."""
    exact = np.array(shares) * records
    whole = np.floor(exact).astype(np.int64)
    rest = records - int(whole.sum())
    whole[np.argsort(whole - exact, kind="stable")[:rest]] += 1
    return whole
