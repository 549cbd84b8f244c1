"""Names the rows of records, so that one that is predicted wrongly can be found in the data."""

from components.arrow import pa, pc
from components.contract import PLACE
from components.csv_example_gen.config import CsvData
from components.csv_example_gen.layout import TableLayout
from components.csv_example_gen.parse import Rows

NO_KEY = "(none)"


def named_rows(rows: Rows, file: int, first_line: int, layout: TableLayout, data: CsvData) -> pa.Table:
    """Returns the records' columns, and what names each row where that is to be kept.

    Args:
        rows: The rows of a block.
        file: Their file's number.
        first_line: Lines of the file before the block's range.
        layout: The files.
        data: The settings.
    """
    if data.id:
        return rows.table.append_column(PLACE, _keys(rows.table, data.id))
    if data.keep_places:
        return rows.table.append_column(PLACE, layout.places(file, rows.lines + first_line))
    return rows.table


def _keys(table: pa.Table, columns: tuple[str, ...]) -> pa.Array:
    """Returns string [rows]: "name key" of each column."""
    keys = [pc.fill_null(table[name].combine_chunks(), NO_KEY) for name in columns]
    named = [pc.binary_join_element_wise(name, key, " ") for name, key in zip(columns, keys, strict=True)]
    return named[0] if len(named) == 1 else pc.binary_join_element_wise(*named, ", ")
