"""Reads the row groups of Parquet files."""

from collections.abc import Iterator, Mapping

import numpy as np

from components.arrow import open_parquet, pa
from components.csv_example_gen.blocks import Range
from components.csv_example_gen.config import ColumnType, CsvData
from components.csv_example_gen.dates import holds_dates, seconds_of_typed
from components.csv_example_gen.layout import FileLayout
from components.csv_example_gen.parse import ARROW_TYPES, Fault, Rows, dates_in, numbers_in
from components.ingest import storage

BATCH_ROWS = 16_384


def count_rows(part: Range, file: FileLayout) -> int:
    """Returns how many rows a row group has, by the file's own word."""
    with storage.open_file(file.path) as opened:
        return int(open_parquet(opened, file.name).metadata.row_group(part.start).num_rows)


def read_rows(part: Range, file: FileLayout, types: Mapping[str, ColumnType], data: CsvData) -> Iterator[Rows]:
    """Yields the rows of a row group, in batches; a cell that isn't of its column's type makes its row a fault."""
    with storage.open_file(file.path) as opened:
        before = 0
        parquet = open_parquet(opened, file.name)
        for batch in parquet.iter_batches(BATCH_ROWS, row_groups=[part.start], columns=list(types)):
            yield _typed(pa.Table.from_batches([batch]), types, data, before)
            before += batch.num_rows


def _typed(table: pa.Table, types: Mapping[str, ColumnType], data: CsvData, before: int) -> Rows:
    columns: dict[str, pa.Array] = {}
    reasons: dict[int, str] = {}
    for name in table.column_names:
        column = table[name].combine_chunks()
        if types[name] == "date":
            columns[name] = _dates(name, column, data, reasons)
            continue
        if types[name] in ("float", "int") and pa.types.is_string(column.type):
            # Where text is to be a number, it is written as in CSV.
            columns[name] = numbers_in(name, column, types[name], data, reasons)
            continue
        try:
            columns[name] = column.cast(ARROW_TYPES[types[name]], safe=types[name] != "float")
        except pa.ArrowInvalid:
            columns[name] = _cast_each(name, column, ARROW_TYPES[types[name]], reasons)
    typed = pa.table(columns)
    numbers = np.arange(table.num_rows, dtype=np.int64) + before
    keep = np.ones(table.num_rows, bool)
    keep[list(reasons)] = False
    faults = [Fault(before + row, reason) for row, reason in sorted(reasons.items())]
    return Rows(typed.filter(pa.array(keep)), numbers[keep], numbers[keep], faults, table.num_rows)


def _dates(name: str, column: pa.Array, data: CsvData, reasons: dict[int, str]) -> pa.Array:
    """Dates that have a type of their own are taken as they are; what is written as text or number is read."""
    return (
        seconds_of_typed(column)
        if holds_dates(column.type)
        else dates_in(name, column.cast(pa.string()), data, reasons)
    )


def _cast_each(name: str, column: pa.Array, kind: pa.DataType, reasons: dict[int, str]) -> pa.Array:
    """Converts value by value the column of a batch that doesn't convert as a whole."""
    values = []
    for row, value in enumerate(column):
        try:
            values.append(value.cast(kind))
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
            reasons[row] = f"{name}: {value.as_py()!r} is no {kind}"
            values.append(pa.scalar(None, kind))
    return pa.array([value.as_py() for value in values], kind)
