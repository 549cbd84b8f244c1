"""Reads the row groups of Parquet files."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from itertools import zip_longest
from typing import IO

import numpy as np

from components.arrow import open_parquet, pa, parquet, pc
from components.csv_example_gen.blocks import MAX_LINE_BYTES, Range
from components.csv_example_gen.config import ColumnType, CsvData
from components.csv_example_gen.dates import holds_dates, seconds_of_typed
from components.csv_example_gen.layout import FileLayout
from components.csv_example_gen.missing import dates_given, numbers_given, without_nan
from components.csv_example_gen.parse import ARROW_TYPES, Fault, Rows, dates_in, numbers_in, texts_given
from components.errors import TransferlineError
from components.ingest import storage
from components.ingest.reasons import BROKEN
from components.wording import printable

BATCH_ROWS, BATCH_BYTES = 16_384, 32 * 2**20
"""A batch has so many rows, or fewer where they may take more bytes than that."""

_FIXED_BYTES = 8
"""Of a number."""


def count_rows(part: Range, file: FileLayout) -> int:
    """Returns how many rows a row group has, by the file's own word."""
    with storage.open_file(file.path) as opened:
        return int(open_parquet(opened, file.name).metadata.row_group(part.start).num_rows)


def read_rows(part: Range, file: FileLayout, types: Mapping[str, ColumnType], data: CsvData) -> Iterator[Rows]:
    """Yields the rows of a row group, in batches; a cell that isn't of its column's type makes its row a fault.

    Where the file is damaged, what comes before is kept.

    Raises:
        TransferlineError: Nothing of the column's type can be made of what the file has in it.
    """
    before = 0
    with storage.open_file(file.path) as opened:
        opened_parquet = open_parquet(opened, file.name)
        try:
            rows = _batch_rows(opened, opened_parquet, part.start, file, list(types))
            for batch in _batches(opened_parquet, rows, part.start, list(types)):
                yield _typed(batch, types, data, before, file.name)
                before += batch.num_rows
            if before < (rows := opened_parquet.metadata.row_group(part.start).num_rows):
                raise OSError(f"{before} of its {rows} rows came")
        except (pa.ArrowException, OSError, UnicodeDecodeError) as error:  # the last of the names of columns
            nothing = pa.table({name: pa.array([], ARROW_TYPES[kind]) for name, kind in types.items()})
            none = np.zeros(0, np.int64)
            yield Rows(nothing, none, none, [Fault(before, f"{BROKEN}: {str(error).strip()}")], 1)


def _batches(opened: parquet.ParquetFile, rows: int, group: int, names: Sequence[str]) -> Iterator[pa.Table]:
    """Yields a row group's columns, read one by one: where some are shorter, Arrow 10 ends the process otherwise."""
    columns = (opened.iter_batches(rows, row_groups=[group], columns=[name]) for name in names)
    for batches in zip_longest(*columns):
        lengths = {batch.num_rows if batch else 0 for batch in batches}
        if len(lengths) > 1:
            raise OSError(f"its columns have {min(lengths)} to {max(lengths)} values")
        yield pa.table(dict(zip(names, (batch.column(0) for batch in batches), strict=True)))


def _batch_rows(
    opened: IO[bytes], opened_parquet: parquet.ParquetFile, group: int, file: FileLayout, columns: Sequence[str]
) -> int:
    """Returns how many rows fit into a batch: of text in dictionaries each may be the longest one there.

    Such a dictionary takes a small file, and Arrow copies the texts from it, once for each row.
    """
    metadata = opened_parquet.metadata.row_group(group)
    chunks = [metadata.column(number) for number in range(metadata.num_columns)]
    read = [chunk for chunk in chunks if chunk.path_in_schema in columns]
    a_row = sum(max(_FIXED_BYTES, chunk.total_uncompressed_size // max(1, metadata.num_rows)) for chunk in read)
    if in_dictionaries := [
        chunk.path_in_schema
        for chunk in read
        if chunk.physical_type == "BYTE_ARRAY" and any("DICTIONARY" in encoding for encoding in chunk.encodings)
    ]:
        with_them = open_parquet(opened, file.name, in_dictionaries)
        first = next(_batches(with_them, 1, group, in_dictionaries), None)
        a_row += sum(_longest(column.chunk(0)) for column in first.columns) if first else 0
    return int(min(BATCH_ROWS, max(1, BATCH_BYTES // max(1, a_row))))


def _longest(column: pa.Array) -> int:
    texts = column.dictionary if pa.types.is_dictionary(column.type) else column
    return int(pc.max(pc.binary_length(texts)).as_py() or 0)


def _typed(table: pa.Table, types: Mapping[str, ColumnType], data: CsvData, before: int, file: str) -> Rows:
    columns: dict[str, pa.Array] = {}
    reasons: dict[int, str] = {}
    for name in table.column_names:
        column = table[name].combine_chunks()
        try:
            columns[name] = _typed_column(name, column, types[name], data, reasons)
        except pa.ArrowNotImplementedError as error:
            raise TransferlineError(
                f"The column '{printable(name)}' holds {column.type}, which can't be read as {types[name]}.",
                place=file,
                cure="Write the file without this column, or turn it into numbers or text; or give it another type.",
            ) from error
    typed = pa.table(columns)
    numbers = np.arange(table.num_rows, dtype=np.int64) + before
    keep = np.ones(table.num_rows, bool)
    keep[list(reasons)] = False
    faults = [Fault(before + row, reason) for row, reason in sorted(reasons.items())]
    return Rows(typed.filter(pa.array(keep)), numbers[keep], numbers[keep], faults, table.num_rows)


def _typed_column(name: str, column: pa.Array, kind: ColumnType, data: CsvData, reasons: dict[int, str]) -> pa.Array:
    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    if pa.types.is_float16(column.type):
        column = column.cast(pa.float32())  # Arrow compares none of 16 bits
    if pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
        column = texts_given(_readable(name, column, reasons).cast(pa.string()), data)
    if pa.types.is_floating(column.type):
        column = without_nan(column)  # which writers of Parquet have for a missing value
    if _is_number(column.type):
        column = numbers_given(column, data)
    if kind == "date":
        return _dates(name, column, data, reasons)
    if kind in ("float", "int") and pa.types.is_string(column.type):
        # Where text is to be a number, it is written as in CSV.
        return numbers_in(name, column, kind, data, reasons)
    if kind == "string" and pa.types.is_boolean(column.type):
        # As pandas writes them to CSV.
        return pc.if_else(column, "True", "False")
    if pa.types.is_decimal(column.type):
        if kind == "string":
            return _as_text(column)
        if kind == "float":
            column = column.cast(pa.float64())  # Arrow's float32 may be one beside the nearest
    try:
        return column.cast(ARROW_TYPES[kind], safe=kind != "float")
    except pa.ArrowInvalid:
        return _cast_each(name, column, ARROW_TYPES[kind], reasons)


def _as_text(column: pa.Array) -> pa.Array:
    """Returns values as text; decimals as Arrow 18 writes them, which Arrow 10 can't."""
    if not pa.types.is_decimal(column.type):
        return column.cast(pa.string())
    if column.type.scale == 0:
        with suppress(pa.ArrowInvalid):  # there are some beyond 64 bits
            return column.cast(pa.int64()).cast(pa.string())
    encoded = pc.dictionary_encode(column)
    return pa.array(map(str, encoded.dictionary.to_pylist()), pa.string()).take(encoded.indices)


def _is_number(kind: pa.DataType) -> bool:
    return bool(pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind))


def _readable(name: str, texts: pa.Array, reasons: dict[int, str]) -> pa.Array:
    """Returns texts without those that are none, or that no cell of CSV could have."""
    try:
        texts.validate(full=True)
        bad = pc.fill_null(pc.greater(pc.binary_length(texts), MAX_LINE_BYTES), False)
        bad = bad.to_numpy(zero_copy_only=False)
    except pa.ArrowInvalid:
        bad = np.array([not _is_readable(value.as_py()) for value in texts.view(pa.binary())], bool)
    for row in np.flatnonzero(bad):
        reasons.setdefault(int(row), f"{name}: it isn't UTF-8 text, or of more than {MAX_LINE_BYTES // 2**20} MiB")
    return pc.if_else(pa.array(bad), pa.scalar(None, texts.type), texts) if bad.any() else texts


def _is_readable(text: bytes | None) -> bool:
    try:
        return text is None or (len(text) <= MAX_LINE_BYTES and bool(text.decode() or True))
    except UnicodeDecodeError:
        return False


def _dates(name: str, column: pa.Array, data: CsvData, reasons: dict[int, str]) -> pa.Array:
    """Dates that have a type of their own are taken as they are; what is written as text or number is read."""
    if holds_dates(column.type):
        return dates_given(name, seconds_of_typed(column), data)
    return dates_in(name, _as_text(column), data, reasons)


def _cast_each(name: str, column: pa.Array, kind: pa.DataType, reasons: dict[int, str]) -> pa.Array:
    """Converts value by value the column of a batch that doesn't convert as a whole."""
    values = []
    for row in range(len(column)):
        value = column.slice(row, 1)
        try:
            # Arrow 10 checks the cast of an array, not that of a scalar.
            values.append(value.cast(kind))
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
            reasons[row] = f"{name}: {value[0].as_py()!r} is no {kind}"
            values.append(pa.nulls(1, kind))
    return pa.concat_arrays(values)
