"""Finds the files' columns and their types, from the beginning of each file, before the rows are read."""

import csv
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import IO

import numpy as np
import numpy.typing as npt

from components.arrow import open_parquet, pa, parquet, pc
from components.contract import CLASSIFICATION, LABEL, PLACE, REGRESSION, Task
from components.csv_example_gen.config import COMMA, POINT, ColumnType, CsvData, Decimal
from components.csv_example_gen.dates import holds_dates
from components.csv_example_gen.files import DataFile, Kind
from components.csv_example_gen.line_breaks import line_starts
from components.errors import TransferlineError
from components.ingest import storage
from components.ingest.gzip_stream import inflate
from components.wording import listed, nearest, printable

LOOKED_AT_BYTES, LOOKED_AT_LINES = 2**20, 1_000
UTF8_BOM = b"\xef\xbb\xbf"
UTF16_BOMS = (b"\xff\xfe", b"\xfe\xff")
OTHER_DELIMITERS = ";\t|,"
LISTED = 40
FLOAT: ColumnType = "float"
DATE: ColumnType = "date"
TEXT: ColumnType = "string"
EXACT_IN_FLOAT32 = 2**24
"""Up to here a float32 holds every whole number."""

BEYOND_INT64 = 2**63
MANY_DIGITS = 300

EXCHANGED = str.maketrans(POINT + COMMA, COMMA + POINT)
NUMBER = re.compile(r"\s*[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?\s*|\s*[+-]?(nan|inf|infinity)\s*", re.IGNORECASE)
CODE = r"^0\d+$"
"""Whole numbers that a zero stands before: as a number it would be lost, and 01 be the same as 1."""

THOUSANDS: dict[Decimal, str] = {
    decimal: rf"^\s*[+-]?[1-9]\d{{0,2}}(\{separator}\d{{3}})+(\{decimal}\d+)?\s*$"
    for decimal, separator in ((POINT, COMMA), (COMMA, POINT))
}
"""Numbers with thousands separators, by what stands before a fraction."""


@dataclass(frozen=True)
class FileLayout:
    """How one file is read.

    Attributes:
        path: Where it is.
        name: Its name, as it is shown.
        kind: CSV, gzipped CSV or Parquet.
        split: The split that its name names; empty if none.
        size: Bytes.
        columns: Its columns, in its own order.
        start: Offset of the first row, after a mark of the encoding and a header.
        header_lines: 1 where the first line names the columns, else 0.
        row_groups: Of a Parquet file.
        dates: Columns that a Parquet file itself has as dates or timestamps.
        empty: Why the file has no rows at all; "" if it has.
    """

    path: str
    name: str
    kind: Kind
    split: str
    size: int
    columns: tuple[str, ...] = ()
    start: int = 0
    header_lines: int = 0
    row_groups: int = 0
    dates: tuple[str, ...] = ()
    empty: str = ""


@dataclass(frozen=True)
class TableLayout:
    """All files, and what is in them.

    Attributes:
        files: The files.
        types: The type of each column, the label's among them, in the order of the first file.
        label: The label's column.
        task: Whether the label is a class or a number.
        mixed: Columns that are of numbers by the beginning of one file and of text by that of another, and so are read
            as text: the names of two such files.
    """

    files: tuple[FileLayout, ...]
    types: dict[str, ColumnType]
    label: str
    mixed: dict[str, tuple[str, str]] = field(default_factory=dict)
    task: Task = CLASSIFICATION

    @property
    def label_type(self) -> ColumnType:
        """The type of the label in the records: text, or a number to predict."""
        return FLOAT if self.task == REGRESSION else TEXT

    def place(self, file: int, line: int) -> str:
        """Returns how a row is named.

        Args:
            file: The file's number.
            line: The row's line below the header, counted from 0.
        """
        before, first = self._first_place(file)
        return f"{before}{first + line}"

    def places(self, file: int, lines: npt.NDArray[np.int64]) -> pa.Array:
        """Returns string [rows]: how each is named.

        Args:
            file: The file's number.
            lines: int64 [rows]: their lines below the header, counted from 0.
        """
        before, first = self._first_place(file)
        return pc.binary_join_element_wise(before, pa.array(lines + first).cast(pa.string()), "")

    def _first_place(self, file: int) -> tuple[str, int]:
        layout = self.files[file]
        unit = "row" if layout.kind is Kind.PARQUET else "line"
        return f"{layout.name}, {unit} ", 1 + layout.header_lines


def find_layout(
    files: Sequence[DataFile], data: CsvData, schema_types: Mapping[str, ColumnType], task: Task = CLASSIFICATION
) -> TableLayout:
    """Looks at the beginning of each file.

    Args:
        files: The files.
        data: The settings.
        schema_types: Type by feature, from a curated schema; empty if there is none.
        task: Whether the label is a class or a number.

    Raises:
        TransferlineError: A file is no table, or the columns aren't what they should be.
    """
    found: list[FileLayout] = []
    seen: dict[str, dict[ColumnType, str]] = {}
    for file in files:
        layout, types_seen = look_at(file, data, schema_types)
        found.append(layout)
        for name, kind in types_seen.items():
            seen.setdefault(name, {}).setdefault(kind, file.name)
    with_rows = [file for file in found if not file.empty]
    if with_rows:
        _check_columns(with_rows, data)
    types = {name: _widest(seen.get(name, {})) for name in with_rows[0].columns} if with_rows else {}
    known = {**types, **{name: kind for name, kind in schema_types.items() if name in types}, **data.types}
    if task == REGRESSION and with_rows:
        _check_no_dates(with_rows, data.label)
        known[data.label] = FLOAT
    weights = [data.weight] if data.weight else []
    known |= dict.fromkeys(weights, FLOAT) | dict.fromkeys(data.dates, DATE) | dict.fromkeys(data.id, TEXT)
    _check_names("types", data.types, types)
    _check_names("weight", weights, types)
    _check_names("dates", data.dates, types)
    _check_names("id", data.id, types)
    _check_names("split.key", data.split.key, types)
    _check_names("split.group", (data.split.group,) if data.split.group else (), types)
    if LABEL in types and data.label != LABEL:
        raise TransferlineError(
            f"There is a column '{LABEL}' that isn't the label: records keep the label under this name.",
            place="data.label",
            cure=f"Rename the column '{LABEL}', or set data.label to it.",
        )
    if PLACE in types and (data.id or data.keep_places):
        raise TransferlineError(
            f"There is a column '{PLACE}': records keep under this name where a row came from.",
            place=with_rows[0].name,
            cure="Rename the column.",
        )
    told = {*schema_types, *data.types, *data.dates, *data.id, data.label}
    mixed = {name: two for name, kinds in seen.items() if name not in told and (two := _numbers_and_text(kinds))}
    return TableLayout(tuple(found), {name: known[name] for name in types}, data.label, mixed, task)


def look_at(
    file: DataFile, data: CsvData, schema_types: Mapping[str, ColumnType]
) -> tuple[FileLayout, dict[str, ColumnType]]:
    """Looks at the beginning of one file.

    Returns:
        How it is read, and the types that its columns seem to have: those of columns with any value.

    Raises:
        TransferlineError: It is no table.
    """
    return _look_at_parquet(file, data) if file.kind is Kind.PARQUET else _look_at_csv(file, data, schema_types)


def _look_at_parquet(file: DataFile, data: CsvData) -> tuple[FileLayout, dict[str, ColumnType]]:
    layout = FileLayout(file.path, file.name, file.kind, file.split, file.size)
    try:
        with storage.open_file(file.path) as opened:
            metadata = open_parquet(opened, file.name).metadata
    except OSError as error:
        raise TransferlineError(
            f"The file can't be read: {error.strerror or error}.",
            place=file.name,
            cure="Check its permissions, fetch it again, or remove it.",
        ) from error
    schema = metadata.schema.to_arrow_schema()
    _check_differ(schema.names, file.name)
    empty = "" if metadata.num_rows else "the file has no rows"
    layout = replace(
        layout,
        columns=tuple(schema.names),
        row_groups=metadata.num_row_groups,
        dates=tuple(column.name for column in schema if holds_dates(column.type)),
        empty=empty,
    )
    with_values = [column for column in schema if not pa.types.is_null(column.type)]
    types = {column.name: _type_of(column.type, file.name, column.name) for column in with_values}
    types |= {column.name: TEXT for column in with_values if _is_beyond_int64(column, metadata)}
    if data.label in types and pa.types.is_boolean(schema.field(data.label).type):
        types[data.label] = TEXT  # its classes are True and False, as CSV has them
    return layout, types


def _is_beyond_int64(column: pa.Field, metadata: parquet.FileMetaData) -> bool:
    """Returns whether a file says that a column has whole numbers which no int64 holds, as keys may have."""
    if not pa.types.is_uint64(column.type):
        return False
    at = metadata.schema.names.index(column.name)
    chunks = (metadata.row_group(group).column(at).statistics for group in range(metadata.num_row_groups))
    return any(chunk and chunk.has_min_max and chunk.max >= BEYOND_INT64 for chunk in chunks)


def _type_of(kind: pa.DataType, file: str, column: str) -> ColumnType:
    if pa.types.is_floating(kind) or pa.types.is_decimal(kind):
        return "float"
    if pa.types.is_integer(kind) or pa.types.is_boolean(kind):
        return "int"
    if pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_dictionary(kind):
        return "string"
    if pa.types.is_temporal(kind) and not pa.types.is_duration(kind):
        return "string"
    raise TransferlineError(
        f"The column '{column}' holds {kind}, which is no number and no text.",
        place=file,
        cure="Write the file without this column, or turn it into numbers or text.",
    )


def _look_at_csv(
    file: DataFile, data: CsvData, schema_types: Mapping[str, ColumnType]
) -> tuple[FileLayout, dict[str, ColumnType]]:
    layout = FileLayout(file.path, file.name, file.kind, file.split, file.size)
    text = beginning(file)
    if text.startswith(UTF16_BOMS):
        raise TransferlineError("The file is UTF-16 text.", place=file.name, cure="Save it as UTF-8.")
    mark = len(UTF8_BOM) if text.startswith(UTF8_BOM) else 0
    text = text[mark:]
    if not text.strip():
        return replace(layout, start=mark, empty="the file is empty"), {}
    first, rest = _first_row(text, file, data)
    columns, has_header = _columns(first, file, data)
    layout = replace(layout, columns=columns, start=mark, header_lines=0)
    if has_header:
        start = mark + len(text) - len(rest)
        # Cells of a header may hold line breaks too.
        layout = replace(layout, start=start, header_lines=max(1, text[: len(text) - len(rest)].count(b"\n")))
        if not rest.strip():
            return replace(layout, empty="there is no row below the header"), {}
    return layout, _types_seen(rest if has_header else text, columns, data, schema_types)


def beginning(file: DataFile) -> bytes:
    """Returns the first bytes of a CSV file, inflated.

    Raises:
        TransferlineError: It can't be read.
    """
    try:
        with storage.open_file(file.path) as opened:
            return _first_inflated(opened) if file.kind is Kind.GZIP else opened.read(LOOKED_AT_BYTES)
    except OSError as error:
        raise TransferlineError(
            f"The file can't be read: {error.strerror or error}.",
            place=file.name,
            cure="Check its permissions, fetch it again, or remove it.",
        ) from error


def _first_inflated(opened: IO[bytes]) -> bytes:
    found = bytearray()
    with suppress(EOFError):  # the end is missing, which is told when it's reached
        for data in inflate(opened):
            found += data
            if len(found) >= LOOKED_AT_BYTES:
                break
    return bytes(found[:LOOKED_AT_BYTES])


def _first_row(text: bytes, file: DataFile, data: CsvData) -> tuple[list[str], bytes]:
    """Returns the cells of the first row, and what comes after it."""
    starts = line_starts(text, newlines_in_values=data.newlines_in_values)
    head = text[: int(starts[1])] if len(starts) > 1 else text
    if len(head) == len(text) >= LOOKED_AT_BYTES - len(UTF8_BOM) and not text.endswith(b"\n"):
        raise TransferlineError(
            f"The first line doesn't end within {LOOKED_AT_BYTES:,} bytes.",
            place=f"{file.name}, line 1",
            cure="Check that the file is CSV, and that every quote is closed; write a table this wide as Parquet.",
        )
    rest = text[len(head) :]
    head = head.removesuffix(b"\n")
    try:
        decoded = head.decode()
    except UnicodeDecodeError as error:
        raise TransferlineError(
            f"The first line isn't UTF-8 text: {error.reason}.", place=file.name, cure="Save the file as UTF-8."
        ) from error
    try:
        if "\0" in decoded:
            raise csv.Error("line contains NUL")  # which the reader lets pass from Python 3.11 on
        cells = next(csv.reader([decoded.rstrip("\r") + "\n"], delimiter=data.delimiter), [""])
    except csv.Error as error:
        raise TransferlineError(
            f"The first line can't be read as CSV: {error}.",
            place=f"{file.name}, line 1",
            cure="Check that the file is CSV, and that every quote is closed.",
        ) from error
    if len(cells) == 1 and cells[0].endswith("\n") and data.delimiter in cells[0]:
        raise TransferlineError(
            "A quote in the first line isn't closed.",
            place=f"{file.name}, line 1",
            cure="Close it; if cells hold line breaks, set data.newlines_in_values to true.",
        )
    if len(cells) == 1:
        better = max(OTHER_DELIMITERS.replace(data.delimiter, ""), key=decoded.count)
        if decoded.count(better):
            raise TransferlineError(
                f"The first line has one cell if {data.delimiter!r} ends a cell, and several if {better!r} does.",
                place=file.name,
                cure=f"Set data.delimiter to {better!r}.",
            )
    return [cell.strip() for cell in cells], rest


def _columns(first: list[str], file: DataFile, data: CsvData) -> tuple[tuple[str, ...], bool]:
    """Returns the columns' names, and whether the first row tells them."""
    all_numbers = all(_is_number(cell, data) or cell in data.missing for cell in first)
    has_header = data.header == "yes" or (data.header == "auto" and not all_numbers)
    if data.columns and data.header == "auto" and has_header:
        # Rows of text look like a header too: it is one only if it names a column.
        has_header = bool(set(first) & set(data.columns)) or len(first) != len(data.columns) or all_text(first, data)
    if not has_header:
        if data.columns and len(first) != len(data.columns):
            raise TransferlineError(
                f"The first line has {len(first)} cells, and data.columns names {len(data.columns)}.",
                place=file.name,
                cure="Correct data.columns, or the file.",
            )
        return data.columns or tuple(f"column_{number}" for number in range(len(first))), False
    names = tuple(cell or f"column_{number}" for number, cell in enumerate(first))
    _check_differ(names, file.name)
    if data.columns and set(names) != set(data.columns):
        raise _other_columns(names, data.columns, file.name, "data.columns")
    return names, True


def _check_differ(names: Sequence[str], place: str) -> None:
    twice = sorted(name for name, times in Counter(names).items() if times > 1)
    if twice:
        raise TransferlineError(
            f"The header names {listed(map(repr, twice), LISTED)} twice.", place=place, cure="Rename the columns."
        )


def all_text(first: list[str], data: CsvData) -> bool:
    """Returns whether no cell is a number, as in a header whose names are all wrong."""
    return not any(_is_number(cell, data) for cell in first if cell not in data.missing)


def _is_number(text: str, data: CsvData) -> bool:
    return bool(NUMBER.fullmatch(_with_point(text, data)))


def _with_point(text: str, data: CsvData) -> str:
    """Returns a cell as it is with a point before the fraction; one that has a point already is no number then."""
    return text if data.decimal == POINT else text.translate(EXCHANGED)


def _types_seen(
    text: bytes, columns: tuple[str, ...], data: CsvData, schema_types: Mapping[str, ColumnType]
) -> dict[str, ColumnType]:
    """The type of each column with values: the schema's, else by the first rows that are as long as they should be."""
    lines = text.decode(errors="replace").splitlines(keepends=True)[:LOOKED_AT_LINES]
    rows: list[list[str]] = []
    for group in [lines] if data.newlines_in_values else [[line] for line in lines]:
        with suppress(csv.Error):
            rows += [row for row in csv.reader(group, delimiter=data.delimiter) if len(row) == len(columns)]
    cells = {name: [row[number].strip() for row in rows] for number, name in enumerate(columns)}
    given = {name: [text for text in cells[name] if text not in data.missing] for name in columns}
    seen = {name: _type_seen([_with_point(text, data) for text in texts]) for name, texts in given.items() if texts}
    if any(re.match(CODE, text) for text in given.get(data.label, [])):
        seen[data.label] = TEXT
    return {name: schema_types.get(name) or kind for name, kind in seen.items()}


def _type_seen(given: list[str]) -> ColumnType:
    """A column is of numbers if more than half of its first values are: the others are faults, and quarantined."""
    numbers = [text for text in given if NUMBER.fullmatch(text)]
    if not numbers or len(numbers) * 2 <= len(given):
        return "string"
    whole = [text for text in numbers if re.fullmatch(r"[+-]?\d+", text)]
    if len(whole) == len(numbers) and any(map(_is_large, whole)):
        return "int"
    return "float"


def _is_large(whole: str) -> bool:
    # Python reads no number of more than 4,300 digits; many zeros may stand before it.
    return len(whole) > MANY_DIGITS or abs(int(whole)) > EXACT_IN_FLOAT32


def _widest(kinds: Mapping[ColumnType, str]) -> ColumnType:
    """The type of a column that has these in different files; text where it has no value at all."""
    if len(kinds) == 1:
        (kind,) = kinds
        return kind
    return "string" if not kinds or "string" in kinds else "float"


def _numbers_and_text(kinds: Mapping[ColumnType, str]) -> tuple[str, str] | None:
    """A file in which a column is of numbers, and one in which it is of text; None if there aren't both."""
    numbers, text = kinds.get("float") or kinds.get("int"), kinds.get("string")
    return (numbers, text) if numbers and text else None


def _check_columns(files: Sequence[FileLayout], data: CsvData) -> None:
    first = files[0]
    for file in files[1:]:
        if set(file.columns) != set(first.columns):
            raise _other_columns(file.columns, first.columns, file.name, first.name)
    if data.label not in first.columns:
        raise TransferlineError(
            f"There is no column '{printable(data.label)}'{nearest(data.label, first.columns)}; "
            f"the columns are {listed(first.columns, LISTED)}.",
            place=f"data.label, {first.name}",
            cure="Set data.label to the column with the class.",
        )


def _check_no_dates(files: Sequence[FileLayout], label: str) -> None:
    for file in files:
        if label in file.dates:
            raise TransferlineError(
                f"The label '{printable(label)}' is of dates, and a number is to be predicted.",
                place=file.name,
                cure="Write the column as numbers, such as days since a date, or set data.label to another.",
            )


def _check_names(setting: str, names: Sequence[str] | Mapping[str, object], known: Mapping[str, object]) -> None:
    for name in names:
        if known and name not in known:
            raise TransferlineError(
                f"There is no column '{printable(name)}'{nearest(name, known)}.",
                place=f"data.{setting}",
                cure=f"Use one of {listed(known, LISTED)}.",
            )


def _other_columns(names: Sequence[str], expected: Sequence[str], place: str, of: str) -> TransferlineError:
    found, wanted = set(names), set(expected)
    missing = [name for name in expected if name not in found]
    extra = [name for name in names if name not in wanted]
    parts = [f"lacks {listed(missing, LISTED)}"] if missing else []
    parts += [f"has {listed(extra, LISTED)} besides"] if extra else []
    return TransferlineError(
        f"The columns aren't those of {of}: the file {' and '.join(parts)}.",
        place=place,
        cure=f"Correct the header or {'data.columns' if of == 'data.columns' else 'move the file elsewhere'}.",
    )
