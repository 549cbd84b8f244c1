"""Finds cells of text that are too long for a category's name, and says where they are.

A quote that was forgotten takes in what follows, and what was meant for another column comes into this one: neither is
a fault of the row. Where many cells of a column are so long, they are letters, and nothing is odd; see `strays` in
`components.ingest.findings`.
"""

from collections.abc import Callable

import numpy as np

from components.arrow import pa, pc
from components.csv_example_gen.column_counts import LONGEST_VALUE
from components.csv_example_gen.parse import Rows
from components.ingest.report import SHOWN, LongCells


def long_cells(rows: Rows, place: Callable[[int], str]) -> list[LongCells]:
    """Counts them in each column of a block.

    Args:
        rows: The rows of the block.
        place: Returns where a row is, by the number of its line.
    """
    texts = (name for name in rows.table.column_names if pa.types.is_string(rows.table.schema.field(name).type))
    return [_of_column(name, rows, place) for name in texts]


def _of_column(name: str, rows: Rows, place: Callable[[int], str]) -> LongCells:
    lengths = pc.binary_length(rows.table[name].combine_chunks())
    found = np.flatnonzero(pc.fill_null(pc.greater(lengths, LONGEST_VALUE), False).to_numpy(zero_copy_only=False))
    return LongCells(
        column=name,
        given=len(lengths) - lengths.null_count,
        cells=len(found),
        longest=pc.max(lengths).as_py() or 0,
        first=tuple(place(int(rows.lines[row])) for row in found[:SHOWN]),
    )
