"""Looks for rows that are the same in the training and the test split, as the data gate does in a run."""

from collections.abc import Sequence

import numpy as np

from components.arrow import pa
from components.csv_example_gen.config import CsvData
from components.csv_example_gen.layout import TableLayout
from components.csv_example_gen.splits import TEST, TRAIN, Hashes, make_rule
from components.errors import TransferlineError


def leaks_in(
    data: CsvData, layout: TableLayout, tables: Sequence[tuple[int, pa.Table]], *, in_order: bool
) -> int | None:
    """Returns how many different rows are both in train and in test.

    Args:
        data: The settings.
        layout: The files.
        tables: Rows that were read, each time with the number of their file.
        in_order: Whether these are all rows of all files, in their order, which a split by rows goes by.

    Returns:
        None where that can't be told, as of a part of the rows where the split goes by their number.
    """
    try:
        rule = make_rule(data.split, layout, data.label, data.no_inputs)
    except TransferlineError:  # which is told by itself
        return None
    if not rule.may_part_copies:
        return 0
    if rule.by == "rows" and not in_order:
        return None
    total, row = sum(table.num_rows for _, table in tables), 0
    found: dict[int, list[Hashes]] = {TRAIN: [], TEST: []}
    for file, table in tables:
        hashes = rule.hashes_of(table)
        numbers = np.arange(row, row + len(hashes))
        splits = rule.splits_of(hashes, numbers, total, layout.files[file].split)
        for split, of_split in found.items():
            of_split.append(hashes[splits == split])
        row += len(hashes)
    train, test = (np.concatenate(of_split) for of_split in found.values())
    return len(np.intersect1d(train, test))
