"""Parses a block of lines into a table of typed columns, and finds the lines that are no rows.

The fast way lets Arrow convert all columns at once. Only a block with a fault in it is read again, as text, to find out
which rows are to blame; that too goes column by column.
"""

import csv as python_csv
import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from components.arrow import csv, pa, pc
from components.csv_example_gen.blocks import Block
from components.csv_example_gen.config import COMMA, POINT, ColumnType, CsvData, Decimal
from components.csv_example_gen.date_formats import ISO
from components.csv_example_gen.dates import seconds_of
from components.csv_example_gen.layout import THOUSANDS
from components.csv_example_gen.line_breaks import NEWLINE, QUOTE, line_starts
from components.csv_example_gen.missing import dates_given, names_numbers, null_where, numbers_given
from components.ingest.reasons import BLANK
from components.wording import printable

ARROW_TYPES: dict[ColumnType, pa.DataType] = {
    "float": pa.float32(),
    "int": pa.int64(),
    "string": pa.string(),
    "date": pa.int64(),
}
PARSED_TYPES = {**ARROW_TYPES, "date": pa.string()}
"""What Arrow makes of a cell; dates are yet to be read."""

BLANK_BYTE, BEYOND_ASCII = ord(" "), 0x80
"""Up to the one a byte is a blank or a control character, and from the other on it is of a sign that may be a blank."""

SHOWN_CHARACTERS = 80
MAX_LINES_IN_CELL = 100
"""A cell in quotes with more line breaks is taken for a quote that was forgotten."""

NO_BEGIN_OF_A_CELL = re.compile(rb'["\w.]')
"""What a quote can stand behind that is a sign of the cell itself, whatever the delimiter is."""

MANY_CELLS = 20_000
WHOLE_QUOTES = re.compile(rb'"[^"]*"')

LINES_APART, MOST_HALVINGS = 2_000, 100
"""Of so many lines Python looks for open quotes; what it doesn't find, so many halvings may."""

APART = "its quotes don't enclose whole cells"
NEAR = "its quotes, or those of a line near it, don't enclose whole cells"

# What Arrow reads as a number, and a leading plus, which it doesn't.
FLOAT_PATTERN = r"^[+-]?((\d+\.?\d*|\.\d+)([eE][+-]?\d+)?|(?i:nan|inf|infinity))$"


def _up_to(largest: str) -> str:
    """Returns a pattern of the numbers up to the largest, without zeros before them."""
    digits = len(largest)
    less = (
        f"{largest[:at]}[0-{int(digit) - 1}]\\d{{{digits - at - 1}}}" for at, digit in enumerate(largest) if digit > "0"
    )
    return "|".join([rf"\d{{1,{digits - 1}}}", *less, largest])


INT_PATTERN = rf"^(\+?0*({_up_to(str(2**63 - 1))})|-0*({_up_to(str(2**63))}))(\.0*)?$"
BOOLEANS = {"0": ("False", "false", "FALSE"), "1": ("True", "true", "TRUE")}
"""What other files have as booleans of their own, which are whole numbers."""

NO_DIGIT = "?"
DECIMAL_COMMA = re.compile(r"\s*[+-]?\d*,\d+([eE][+-]?\d+)?\s*")

Lines = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Fault:
    """A line that makes no row.

    Attributes:
        line: Lines of the range before it, from 0.
        reason: What is wrong.
    """

    line: int
    reason: str


@dataclass(frozen=True)
class Rows:
    """The rows of a block.

    Attributes:
        table: One column a name, of the types of `ARROW_TYPES`; a missing value is null.
        lines: int64 [rows]: the lines of the range before each row, from 0.
        row_numbers: int64 [rows]: the same, but counted in rows, where a row may take several lines.
        faults: The lines that are no rows.
        count: Rows and faults together.
    """

    table: pa.Table
    lines: Lines
    row_numbers: Lines
    faults: list[Fault]
    count: int


def parse(block: Block, columns: tuple[str, ...], types: Mapping[str, ColumnType], data: CsvData) -> Rows:
    """Parses a block.

    Args:
        block: Whole lines.
        columns: The file's columns, in its order.
        types: The type of each.
        data: The settings.

    Returns:
        Every line's row or fault.
    """
    starts = line_starts(block.data, newlines_in_values=data.newlines_in_values)
    lines = _lines_of(block.data, starts, data.newlines_in_values) + block.line
    reasons = _broken_lines(block.data, starts, data.newlines_in_values)
    reasons |= _far_too_many_cells(block.data, starts, len(columns), data.delimiter)
    text, kept = _Lines(block.data, starts), np.arange(len(starts))
    if reasons:
        kept = np.delete(kept, list(reasons))
        text = _Lines.of([text[int(number)] for number in kept])
    parsed, bad = _read(text, columns, types, data)
    reasons |= {int(kept[number]): reason for number, reason in bad.items()}
    good = np.delete(kept, list(bad)) if bad else kept
    if data.newlines_in_values:
        reasons = _with_lines_taken_in(reasons, np.append(lines, block.line + block.data.count(b"\n")))
    faults = [Fault(int(lines[number]), reason) for number, reason in sorted(reasons.items())]
    if block.fault:
        faults.append(Fault(int(lines[-1]) + 1 if len(lines) else block.line, block.fault))
    return Rows(parsed, lines[good], good.astype(np.int64) + block.row, faults, len(starts) + bool(block.fault))


def _lines_of(content: bytes, starts: Lines, newlines_in_values: bool) -> Lines:
    """The number of lines before each row of a block."""
    if not newlines_in_values:
        return np.arange(len(starts), dtype=np.int64)
    ends = np.flatnonzero(np.frombuffer(content, np.uint8) == NEWLINE)
    return np.searchsorted(ends, starts).astype(np.int64)


def _with_lines_taken_in(reasons: Mapping[int, str], lines: Lines) -> dict[int, str]:
    """Returns the reasons; those of records with far more lines than a cell has say of how many, since all are lost."""
    more = np.diff(lines) - 1
    return {
        number: f"{reason}; it takes in {more[number]:,} more lines" if more[number] > MAX_LINES_IN_CELL else reason
        for number, reason in reasons.items()
    }


def _broken_lines(content: bytes, starts: Lines, newlines_in_values: bool) -> dict[int, str]:
    """Lines that Arrow would skip or stumble over, and why."""
    reasons: dict[int, str] = {}
    if not len(starts):
        return reasons
    array = np.frombuffer(content, np.uint8)
    lengths = np.diff(np.append(starts, len(content)))
    for number in np.flatnonzero(lengths <= len(b"\r\n")):
        if not content[starts[number] : starts[number] + lengths[number]].strip(b"\r\n"):
            reasons[int(number)] = BLANK
    quotes = np.add.reduceat(array == QUOTE, starts) if b'"' in content else np.zeros(len(starts), np.int64)
    reasons |= _open_quotes(content, starts, np.flatnonzero(quotes % 2), newlines_in_values)
    if b"\r" in content:
        # A carriage return ends a line for Arrow, unless it's in quotes.
        returns = np.flatnonzero(array[:-1] == ord("\r"))
        lone = returns[array[returns + 1] != NEWLINE]
        for number in np.unique(np.searchsorted(starts, lone, side="right") - 1):
            if not quotes[number]:
                reasons.setdefault(int(number), "there is a carriage return inside of it")
    if not content.isascii():
        reasons |= _undecodable(content, starts)
    return reasons


def _far_too_many_cells(content: bytes, starts: Lines, columns: int, delimiter: str) -> dict[int, str]:
    """Lines with so many cells more than there are columns that Arrow 18 may end the process when it tells of them."""
    reasons: dict[int, str] = {}
    ends = np.append(starts[1:], len(content))
    for number in np.flatnonzero(ends - starts > MANY_CELLS):
        line = content[starts[number] : ends[number]]
        cells = 1 + WHOLE_QUOTES.sub(b"", line).count(delimiter.encode())
        if cells > columns + MANY_CELLS:
            reasons[int(number)] = f"it has {cells} cells instead of {columns}"
    return reasons


def _open_quotes(content: bytes, starts: Lines, odd: Lines, newlines_in_values: bool) -> dict[int, str]:
    """Lines that end within a cell in quotes, and those after them up to its end.

    An odd number of quotes alone doesn't make such a line: 5" is five inches.
    """
    reasons: dict[int, str] = {}
    hint = "" if newlines_in_values else "; cells with line breaks need data.newlines_in_values=true"
    ends = np.append(starts[1:], len(content))
    for index, number in enumerate(map(int, odd)):
        if number in reasons or not _ends_within_quotes(content[starts[number] : ends[number]]):
            continue
        reasons[number] = f"a quote isn't closed{hint}"
        following = int(odd[index + 1]) if index + 1 < len(odd) else number
        if following - number <= MAX_LINES_IN_CELL:
            for inside in range(number + 1, following + 1):
                reasons[inside] = f"it is within the quotes of a line before it{hint}"
    return reasons


def _ends_within_quotes(line: bytes) -> bool:
    """Returns whether a quote at the beginning of a cell, whatever the delimiter is, isn't closed up to the end.

    Two quotes in a row stand for one in the cell: it can only be the first of the last odd number of quotes in a row.
    """
    end = len(line)
    while (last := line.rfind(b'"', 0, end)) >= 0:
        first = last
        while first and line[first - 1] == QUOTE:
            first -= 1
        if (last - first) % 2 == 0:
            before = line[:first].rstrip()
            return not NO_BEGIN_OF_A_CELL.match(before[-1:])
        end = first
    return False


def _undecodable(content: bytes, starts: Lines) -> dict[int, str]:
    try:
        content.decode()
    except UnicodeDecodeError:
        ends = np.append(starts[1:], len(content))
        return {
            number: "it isn't UTF-8 text"
            for number, (start, end) in enumerate(zip(starts, ends, strict=True))
            if not _is_utf8(content[start:end])
        }
    return {}


def _is_utf8(line: bytes) -> bool:
    try:
        line.decode()
    except UnicodeDecodeError:
        return False
    return True


@dataclass(frozen=True)
class _Lines:
    """Lines, and where each begins: where a quote isn't closed, their bytes alone don't tell.

    Attributes:
        content: Their bytes.
        starts: int64 [lines]: offsets.
    """

    content: bytes
    starts: Lines

    @classmethod
    def of(cls, lines: Sequence[bytes]) -> "_Lines":
        """Puts lines together."""
        ends = np.cumsum([len(line) for line in lines], dtype=np.int64)
        return cls(b"".join(lines), np.append(np.zeros(1, np.int64), ends)[: len(lines)])

    def __len__(self) -> int:
        return len(self.starts)

    def __getitem__(self, number: int) -> bytes:
        last = number + 1 == len(self.starts)
        return self.content[self.starts[number] : len(self.content) if last else self.starts[number + 1]]

    def halves(self) -> tuple["_Lines", "_Lines"]:
        """Returns the first half and the second."""
        half = len(self) // 2
        at = self.starts[half]
        return _Lines(self.content[:at], self.starts[:half]), _Lines(self.content[at:], self.starts[half:] - at)


@dataclass
class _Halvings:
    """How often lines may be read in halves yet."""

    left: int


_Read: TypeAlias = tuple[pa.Table, dict[int, str]]
"""The rows, and the numbers of the lines that aren't, with reasons."""


def _read(
    lines: _Lines,
    columns: tuple[str, ...],
    types: Mapping[str, ColumnType],
    data: CsvData,
    halvings: _Halvings | None = None,
) -> _Read:
    count = len(lines)
    if not count:
        return pa.table({name: pa.array([], ARROW_TYPES[types[name]]) for name in columns}), {}
    # A quote that isn't closed may make one row of all of them.
    if not halvings and count > 1 and count * len(columns) > MANY_CELLS and b'"' in lines.content:
        return _read_halves(lines, columns, types, data, halvings)
    bad: dict[int, str] = {}
    reasons: dict[int, str] = {}
    try:
        table = _arrow_table(lines.content, columns, {name: PARSED_TYPES[types[name]] for name in columns}, data, bad)
        if table.num_rows + len(bad) != count:
            return _read_apart(lines, columns, types, data, halvings)
        table = _without_numbers_for_none(table, types, data)
    except pa.ArrowInvalid:
        bad.clear()
        texts = _arrow_table(lines.content, columns, dict.fromkeys(columns, pa.string()), data, bad)
        if texts.num_rows + len(bad) != count:
            return _read_apart(lines, columns, types, data, halvings)
        table = _converted(texts, types, data, reasons)
    table = _dated(_without_padded_markers(table, types, data), types, data, reasons)
    if reasons:
        keep = np.ones(table.num_rows, bool)
        keep[list(reasons)] = False
        numbers = np.delete(np.arange(count), list(bad))
        table = table.filter(pa.array(keep))
        bad |= {int(numbers[row]): reason for row, reason in reasons.items()}
    return table, bad


def _read_apart(
    lines: _Lines,
    columns: tuple[str, ...],
    types: Mapping[str, ColumnType],
    data: CsvData,
    halvings: _Halvings | None,
) -> _Read:
    """Reads lines of which Arrow makes more or fewer rows, since a quote in one is closed in another.

    Of many lines halves are read. Of few each quote is closed at the end of its line, which is how Arrow reads a line
    alone; what it still reads otherwise is halved until it's clear which lines those are, but not for ever.
    """
    count = len(lines)
    if halvings is None and count <= LINES_APART:
        closed = _Lines.of([_closed(lines[number], data) for number in range(count)])
        return _read(closed, columns, types, data, _Halvings(MOST_HALVINGS))
    if count == 1 or (halvings and halvings.left <= 0):
        empty, _ = _read(_Lines.of([]), columns, types, data)
        return empty, dict.fromkeys(range(count), APART if count == 1 else NEAR)
    if halvings:
        halvings.left -= 1
    return _read_halves(lines, columns, types, data, halvings)


def _read_halves(
    lines: _Lines,
    columns: tuple[str, ...],
    types: Mapping[str, ColumnType],
    data: CsvData,
    halvings: _Halvings | None,
) -> _Read:
    one, other = lines.halves()
    first, bad = _read(one, columns, types, data, halvings)
    second, more = _read(other, columns, types, data, halvings)
    return pa.concat_tables([first, second]), bad | {len(one) + number: reason for number, reason in more.items()}


def _closed(line: bytes, data: CsvData) -> bytes:
    """Returns a line; one that ends within quotes with a quote at its end."""
    text = line.rstrip(b"\r\n")
    return text + b'"' + line[len(text) :] if _is_open(text.decode(), data) else line


def _is_open(text: str, data: CsvData) -> bool:
    """Returns whether a line ends within a cell in quotes, by Python's reader, which takes quotes as Arrow does."""
    with suppress(python_csv.Error):
        cells = next(python_csv.reader([text.replace("\0", " ") + "\n"], delimiter=data.delimiter), [])
        return bool(cells) and cells[-1].endswith("\n")
    return False


def _arrow_table(
    content: bytes, columns: tuple[str, ...], types: Mapping[str, pa.DataType], data: CsvData, bad: dict[int, str]
) -> pa.Table:
    """Reads with Arrow, which tells the lines that have too few or too many cells; those go to `bad`."""

    def ragged(row: csv.InvalidRow) -> str:
        bad[row.number - 1] = f"it has {row.actual_columns} cells instead of {row.expected_columns}"
        return "skip"

    # `read_csv` takes 45 ms a call where TensorFlow is loaded too; the streaming reader does not.
    reader = csv.open_csv(
        pa.BufferReader(content),
        # One block on one thread: only so Arrow numbers the rows that it leaves out.
        read_options=csv.ReadOptions(column_names=list(columns), use_threads=False, block_size=len(content) + 1),
        parse_options=csv.ParseOptions(
            delimiter=data.delimiter, newlines_in_values=True, ignore_empty_lines=False, invalid_row_handler=ragged
        ),
        convert_options=csv.ConvertOptions(
            column_types=dict(types),
            decimal_point=data.decimal,
            null_values=list(data.missing),
            strings_can_be_null=True,
            quoted_strings_can_be_null=True,
            check_utf8=False,
        ),
    )
    return reader.read_all()


def _without_numbers_for_none(table: pa.Table, types: Mapping[str, ColumnType], data: CsvData) -> pa.Table:
    """Returns columns of numbers, null where one is the same number as one that stands for a missing value."""
    if names_numbers(data):
        for number, name in enumerate(table.column_names):
            if types[name] in ("float", "int"):
                table = table.set_column(number, name, numbers_given(table[name].combine_chunks(), data))
    return table


def _converted(texts: pa.Table, types: Mapping[str, ColumnType], data: CsvData, reasons: dict[int, str]) -> pa.Table:
    """Converts columns of text to numbers, one by one; the rows in which a cell can't be go to `reasons`."""
    columns: dict[str, pa.Array] = {}
    for name in texts.column_names:
        column = texts[name].combine_chunks()
        is_text = types[name] in ("string", "date")
        columns[name] = column if is_text else numbers_in(name, column, types[name], data, reasons)
    return pa.table(columns)


def numbers_in(name: str, texts: pa.Array, kind: ColumnType, data: CsvData, reasons: dict[int, str]) -> pa.Array:
    """Returns float32 or int64 [texts], null where there is no text, no such number, or a number for none.

    Args:
        name: The column.
        texts: Its cells.
        kind: "float" or "int", for which True is 1, and False 0.
        data: The settings: what stands for a missing value, and before a fraction.
        reasons: Is told of each row with a text that is no such number.
    """
    trimmed = pc.utf8_trim_whitespace(texts)
    absent, trimmed = _absent(trimmed, data), _with_point(trimmed, data)
    pattern = FLOAT_PATTERN if kind == "float" else INT_PATTERN
    fits = pc.match_substring_regex(trimmed, pattern)
    if kind == "int" and pc.any(pc.invert(fits)).as_py():
        for number, booleans in BOOLEANS.items():
            trimmed = pc.if_else(pc.is_in(trimmed, value_set=pa.array(booleans)), number, trimmed)
        fits = pc.match_substring_regex(trimmed, pattern)
    fits = pc.fill_null(pc.or_(fits, absent), True)
    for row in np.flatnonzero(~fits.to_numpy(zero_copy_only=False)):
        reasons.setdefault(int(row), no_number(name, texts[int(row)].as_py(), _NUMBERS[kind], data))
    plain = pc.replace_substring_regex(trimmed, r"^\+|\.0*$" if kind == "int" else r"^\+", "")
    present = pc.and_not(fits, absent)
    numbers = pc.if_else(present, plain, pa.scalar(None, pa.string())).cast(ARROW_TYPES[kind])
    return numbers_given(numbers, data)


def _without_padded_markers(table: pa.Table, types: Mapping[str, ColumnType], data: CsvData) -> pa.Table:
    """Returns columns of text, null where one with blanks around it stands for a missing value; Arrow trims none."""
    for number, name in enumerate(table.column_names):
        if types[name] == "string":
            texts = table[name].combine_chunks()
            table = table.set_column(number, name, _null_where_padded_marker(texts, data))
    return table


def texts_given(texts: pa.Array, data: CsvData) -> pa.Array:
    """Returns string [texts], null where one, without the blanks around it, stands for a missing value."""
    return _null_where_padded_marker(null_where(_absent(texts, data), texts), data)


def _null_where_padded_marker(texts: pa.Array, data: CsvData) -> pa.Array:
    padded = np.flatnonzero(_is_padded(texts))
    if not len(padded):
        return texts
    absent = np.zeros(len(texts), bool)
    absent[padded] = _absent(pc.utf8_trim_whitespace(texts.take(pa.array(padded))), data)
    return null_where(pa.array(absent), texts)


def _is_padded(texts: pa.Array) -> npt.NDArray[np.bool_]:
    """Returns which texts may begin or end with a blank; a look at their first and last bytes, where few do."""
    _, offsets, content = texts.buffers()
    if not len(texts) or not content:
        return np.zeros(len(texts), bool)
    text = np.frombuffer(content, np.uint8)
    ends = np.frombuffer(offsets, np.int32)[texts.offset : texts.offset + len(texts) + 1]
    first, last = text[np.minimum(ends[:-1], len(text) - 1)], text[ends[1:] - 1]
    may_be_blank = (np.minimum(first, last) <= BLANK_BYTE) | (np.maximum(first, last) >= BEYOND_ASCII)
    return np.asarray((np.diff(ends) > 0) & may_be_blank)


def _dated(table: pa.Table, types: Mapping[str, ColumnType], data: CsvData, reasons: dict[int, str]) -> pa.Table:
    """Reads the columns of dates; the rows in which there is no such date go to `reasons`."""
    for number, name in enumerate(table.column_names):
        if types[name] == "date":
            texts = table[name].combine_chunks()
            absent = _absent(pc.utf8_trim_whitespace(texts), data)
            seconds = dates_in(name, null_where(absent, texts), data, reasons)
            table = table.set_column(number, name, seconds)
    return table


def dates_in(name: str, texts: pa.Array, data: CsvData, reasons: dict[int, str]) -> pa.Array:
    """Returns int64 [texts], seconds since 1970-01-01 UTC, null where there is no text, no such date, or one for none.

    Args:
        name: The column.
        texts: Its cells.
        data: The settings, which say how its dates are written.
        reasons: Is told of each row with a text that is no such date.
    """
    written = data.dates.get(name, ISO)
    seconds = seconds_of(texts, written)
    form = "YYYY-MM-DD (iso)" if written == ISO else written
    for row in np.flatnonzero(pc.and_(seconds.is_null(), texts.is_valid()).to_numpy(zero_copy_only=False)):
        reasons.setdefault(int(row), f"{name}: {quoted(texts[int(row)].as_py())} is no date of the form {form}")
    return dates_given(name, seconds, data)


def _with_point(texts: pa.Array, data: CsvData) -> pa.Array:
    """Returns numbers with a point before their fraction; what had a point already is none: it may part thousands."""
    if data.decimal == POINT:
        return texts
    return pc.replace_substring(pc.replace_substring(texts, POINT, NO_DIGIT), COMMA, POINT)


def _absent(trimmed: pa.Array, data: CsvData) -> pa.Array:
    return pc.is_in(trimmed, value_set=pa.array(data.missing, pa.string()))


_NUMBERS: dict[ColumnType, str] = {"float": "number", "int": "whole number"}


def no_number(name: str, text: str, what: str, data: CsvData) -> str:
    """Returns the reason that a cell is no number, and what to do about a decimal comma or thousands separators.

    Args:
        name: The column.
        text: The cell.
        what: What it should be.
        data: The settings.
    """
    return f"{name}: {quoted(text)} is no {what}{_hint(text, data.decimal)}"


def _hint(text: str, decimal: Decimal) -> str:
    if re.match(THOUSANDS[decimal], text):
        return "; if it has thousands separators, write it without them"
    if decimal == POINT and DECIMAL_COMMA.fullmatch(text):
        return '; if its comma stands before a fraction, set data.decimal to ","'
    return ""


def quoted(text: str) -> str:
    """Returns a cell as a reason shows it."""
    short = text if len(text) <= SHOWN_CHARACTERS else text[:SHOWN_CHARACTERS] + "..."
    return f"'{printable(short)}'"
