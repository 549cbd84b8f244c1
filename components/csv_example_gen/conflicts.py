"""Counts rows that are the same in the columns that are learned from, and differ in their label.

What is kept is one entry for each pair of inputs and label, with how many rows have it and where the first one is: a
table of few different rows takes next to nothing. Of more than `KEPT` pairs, only those are kept whose hash ends in a
zero, then in two, and so on: the counts are of an even share of all inputs then, and are scaled up. Memory is bounded
whatever the number of rows.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd

from components.arrow import pa, pc
from components.contract import SPLITS
from components.csv_example_gen.layout import TableLayout
from components.csv_example_gen.splits import HASH_KEY, UNUSED, Hashes, SplitNumbers
from components.ingest.report import MAX_CONFLICTS, Conflicts, Duplicate
from components.wording import printable

KEPT = 2**20
"""Pairs that are kept exactly; each takes 33 bytes."""

MAX_PLACES = 20
"""Rows that are named in one group; there may be more."""

FILE_BITS = np.uint64(40)
"""A place in one number is that of the file before so many bits for the line."""

PAIR = np.dtype(
    [("inputs", "<u8"), ("label", "<u8"), ("rows", "<u4"), ("split", "i1"), ("file", "<u4"), ("line", "<u8")]
)
"""Hashes of the inputs and of the label, how many rows have both, and the split and place of the first of them."""

Pairs: TypeAlias = npt.NDArray[np.void]


@dataclass(frozen=True)
class LabelledInputs:
    """What some rows have as inputs, with what labels.

    Attributes:
        pairs: Of the type `PAIR`: of a block one a row, together each pair once, ascending by inputs, then by label.
        names: The text of each label, by its hash.
        zeros: How many zeros the hashes of the inputs end in that are kept; 0 for all.
    """

    pairs: Pairs
    names: dict[int, str]
    zeros: int = 0


def labelled_inputs(
    inputs: Hashes, labels: pa.Array, splits: SplitNumbers, file: int, lines: npt.NDArray[np.int64]
) -> LabelledInputs:
    """Returns what the rows of a block have.

    Args:
        inputs: uint64 [rows]: the hash of the columns that are learned from.
        labels: string [rows].
        splits: int8 [rows]; rows that no split takes don't count.
        file: Number of the file.
        lines: int64 [rows]: lines of the file before each row.
    """
    encoded = pc.dictionary_encode(labels)
    texts = encoded.dictionary.to_pylist()
    hashes = np.asarray(pd.util.hash_array(np.array(texts, object), hash_key=HASH_KEY), np.uint64)
    used = splits != UNUSED
    pairs = np.zeros(len(inputs), PAIR)
    pairs["inputs"] = inputs
    pairs["label"] = hashes[encoded.indices.to_numpy(zero_copy_only=False)]
    pairs["rows"] = 1
    pairs["split"] = splits
    pairs["file"] = file
    pairs["line"] = lines
    return LabelledInputs(pairs[used], dict(zip(hashes.tolist(), texts, strict=True)))


def together(parts: Sequence[LabelledInputs]) -> LabelledInputs:
    """Puts parts together, and leaves out an even share of the inputs where there are too many."""
    zeros = max((part.zeros for part in parts), default=0)
    names = {hashed: name for part in parts for hashed, name in part.names.items()}
    pairs = np.concatenate([np.zeros(0, PAIR), *(part.pairs for part in parts)])
    pairs = _each_once(_ending_in(zeros, pairs))
    while len(pairs) > KEPT:
        zeros += 1
        pairs = _ending_in(zeros, pairs)
    return LabelledInputs(pairs, names, zeros)


def thinned(part: LabelledInputs, zeros: int) -> LabelledInputs:
    """Returns what is kept of a part where the hashes of the inputs must end in so many zeros."""
    return part if part.zeros >= zeros else LabelledInputs(_ending_in(zeros, part.pairs), part.names, zeros)


def conflicts_in(found: LabelledInputs, layout: TableLayout) -> Conflicts:
    """Counts the rows that have the same inputs as another one with another label.

    Args:
        found: All rows, put together.
        layout: The files that they are from.
    """
    pairs, scale = found.pairs, 2**found.zeros
    if not len(pairs):
        return Conflicts(share=1 / scale)
    starts = np.flatnonzero(np.append(True, pairs["inputs"][1:] != pairs["inputs"][:-1]))
    ends = np.append(starts[1:], len(pairs))
    rows = pairs["rows"].astype(np.int64)
    in_all, most = np.add.reduceat(rows, starts), np.maximum.reduceat(rows, starts)
    differ = ends - starts > 1
    places = np.minimum.reduceat((pairs["file"].astype(np.uint64) << FILE_BITS) | pairs["line"], starts)
    first = np.flatnonzero(differ)[np.argsort(places[differ])][:MAX_CONFLICTS]
    return Conflicts(
        groups=int(differ.sum()) * scale,
        records=int(in_all[differ].sum()) * scale,
        outvoted=int((in_all - most)[differ].sum()) * scale,
        share=1 / scale,
        first=tuple(_named(pairs[starts[group] : ends[group]], found.names, layout) for group in first),
    )


def _each_once(pairs: Pairs) -> Pairs:
    """Sums over equal pairs, and keeps the place of the one that comes first."""
    if not len(pairs):
        return pairs
    pairs = np.take(pairs, _in_order(pairs))
    same = (pairs["inputs"][1:] == pairs["inputs"][:-1]) & (pairs["label"][1:] == pairs["label"][:-1])
    starts = np.flatnonzero(np.append(True, ~same))
    once = pairs[starts]
    once["rows"] = np.add.reduceat(pairs["rows"], starts)
    return once


def _in_order(pairs: Pairs) -> npt.NDArray[np.int64]:
    """Returns the order by inputs, label, file and line.

    Most rows of most tables are alone with their inputs: only those that aren't are sorted by more than that.
    """
    order = np.argsort(pairs["inputs"])
    inputs = pairs["inputs"][order]
    as_before = np.append(False, inputs[1:] == inputs[:-1])
    alike = np.flatnonzero(as_before | np.append(as_before[1:], False))
    some = order[alike]
    of = pairs[some]
    order[alike] = some[np.lexsort((of["line"], of["file"], of["label"], of["inputs"]))]
    return order


def _ending_in(zeros: int, pairs: Pairs) -> Pairs:
    # The first bits of a hash tell the split, so that the last ones choose evenly from each.
    return pairs[pairs["inputs"] & np.uint64(2**zeros - 1) == 0]


def _named(group: Pairs, names: dict[int, str], layout: TableLayout) -> Duplicate:
    rows = sorted(group[:MAX_PLACES].tolist(), key=lambda row: (row[4], row[5]))
    places = [
        f"{SPLITS[split]}/{printable(names[label])}: {layout.place(file, line)}"
        for _, label, _, split, file, line in rows
    ]
    return Duplicate(
        places=tuple(places),
        splits=tuple(sorted({SPLITS[row[3]] for row in rows})),
        labels=tuple(sorted({names[row[1]] for row in rows})),
    )
