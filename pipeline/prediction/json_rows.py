"""Reads rows from lines of JSON, an object each with a column's value under its name, as requests have them."""

import json
import math
from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import islice
from typing import TypeAlias

import numpy as np

from components.arrow import pa, pc
from components.contract import LABEL
from components.csv_example_gen.config import ColumnType, CsvData
from components.csv_example_gen.date_formats import ISO
from components.csv_example_gen.dates import seconds_of
from components.csv_example_gen.missing import dates_given, numbers_for_none, numbers_given
from components.csv_example_gen.reader import Fault, Rows
from components.csv_example_gen.rows import NO_NUMBER
from components.ingest import storage
from components.wording import is_unicode, printable
from pipeline.prediction.spelling import texts_of

JSON_LINES = (".jsonl", ".ndjson")
AT_ONCE = 8192
LARGEST = float(np.finfo(np.float32).max)
SHOWN = 80

Value: TypeAlias = float | int | str | None

KINDS: Mapping[ColumnType, str] = {"float": "number", "int": "whole number", "string": "text", "date": "date"}
ARROW: Mapping[ColumnType, pa.DataType] = {"float": pa.float64(), "int": pa.int64()}
"""As what numbers are read."""

NONE = type(None)
PLAIN: Mapping[ColumnType, set[type]] = {
    "float": {float, int, NONE},
    "int": {int, NONE},
    "string": {str, float, int, bool, NONE},
    "date": {str, float, int, NONE},
}
"""What JSON may have in a column that is converted as a whole."""


def read_json_rows(
    path: str, types: Mapping[str, ColumnType], data: CsvData, trained: Mapping[str, Collection[str]]
) -> Iterator[Rows]:
    """Yields the rows of a file, some at a time; a value that isn't of its column's type makes its row a fault.

    A name that an object lacks is a missing value. Numbers and booleans are texts where the column is of texts.

    Args:
        path: The file.
        types: The columns to be read, and their types; the label's is text, whatever it was.
        data: The settings: the label, what is a missing value, how dates are written.
        trained: The texts that training had in a column, where they are known.

    Raises:
        OSError: It can't be read.
    """
    with storage.open_file(path) as file:
        before = 0
        while lines := list(islice(file, AT_ONCE)):
            yield _rows(lines, before, types, data, trained)
            before += len(lines)


def _rows(
    lines: list[bytes],
    before: int,
    types: Mapping[str, ColumnType],
    data: CsvData,
    trained: Mapping[str, Collection[str]],
) -> Rows:
    objects: dict[int, dict[str, object]] = {}
    reasons: dict[int, str] = {}
    for number, line in enumerate(lines, before):
        try:
            objects[number] = _object(line)
        except ValueError as error:
            reasons[number] = str(error)
    numbers = list(objects)
    columns: dict[str, pa.Array] = {}
    for name, kind in types.items():
        values = [found.get(name) for found in objects.values()]
        columns[name] = _column(name, values, kind, data, trained.get(name, ()), numbers, reasons)
    if data.label in columns:
        for at in np.flatnonzero(columns[data.label].is_null().to_numpy(zero_copy_only=False)):
            reasons.setdefault(numbers[at], f"the label {data.label} is missing")
    if data.weight in columns:
        _check_weights(data.weight, columns[data.weight], numbers, reasons)
    keep = np.array([number not in reasons for number in numbers], bool)
    places = np.array(numbers, np.int64)[keep]
    table = pa.table({LABEL if name == data.label else name: each for name, each in columns.items()})
    faults = [Fault(number, reason) for number, reason in sorted(reasons.items())]
    return Rows(table.filter(pa.array(keep)), places, places, faults, len(lines))


def _object(line: bytes) -> dict[str, object]:
    """Returns what a line holds.

    Raises:
        ValueError: It is no object.
    """
    try:
        found = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"it isn't JSON: {getattr(error, 'msg', error)}") from error
    if not isinstance(found, dict):
        raise ValueError("it is no JSON object, which has a value under each column's name")
    return found


def _column(
    name: str,
    values: list[object],
    kind: ColumnType,
    data: CsvData,
    trained: Collection[str],
    numbers: list[int],
    reasons: dict[int, str],
) -> pa.Array:
    """Returns a column, null where a value is missing, or is none of its type: then `reasons` are told by its line."""
    try:
        column = _converted(values, kind, data, trained)
    except (ValueError, OverflowError):
        for at, (number, value) in enumerate(zip(numbers, values, strict=True)):
            try:
                values[at] = _value(name, value, kind, data)
            except ValueError as error:
                reasons.setdefault(number, str(error))
                values[at] = None
        column = _converted(values, kind, data, trained)
    return _dates(name, column, numbers, data, reasons) if kind == "date" else column


def _converted(values: Sequence[object], kind: ColumnType, data: CsvData, trained: Collection[str]) -> pa.Array:
    """Returns values of a column as a whole, null where one is missing; dates are yet to be read.

    Raises:
        ValueError: A value isn't of the column's type, or is to be looked at more closely.
        OverflowError: The same.
    """
    if not {*map(type, values)} <= PLAIN[kind]:
        raise ValueError
    if kind in ("string", "date"):
        as_objects = np.empty(len(values), object)
        as_objects[:] = values
        return texts_of(as_objects, data, trained if kind == "string" else ())
    column = numbers_given(pa.array(values, ARROW[kind], from_pandas=True), data)
    is_wrong = pc.greater_equal(pc.abs(column), LARGEST) if kind == "float" else pc.equal(column, NO_NUMBER)
    if pc.any(is_wrong).as_py():
        raise ValueError
    return column.cast(pa.float32(), safe=False) if kind == "float" else column


def _dates(name: str, texts: pa.Array, numbers: list[int], data: CsvData, reasons: dict[int, str]) -> pa.Array:
    """Returns seconds since 1970-01-01 UTC; the lines with a text that is no date go to `reasons`."""
    written = data.dates.get(name, ISO)
    seconds = seconds_of(texts, written)
    is_wrong = pc.and_(seconds.is_null(), texts.is_valid())
    for at in np.flatnonzero(is_wrong.to_numpy(zero_copy_only=False)):
        form = "YYYY-MM-DD (iso)" if written == ISO else written
        reasons.setdefault(numbers[at], f"{name}: {_shown(texts[at].as_py())} is no date of the form {form}")
    return dates_given(name, seconds, data)


def _value(name: str, value: object, kind: ColumnType, data: CsvData) -> Value:
    if _is_missing(value, data):
        return None
    match kind, value:
        case ("float" | "date", bool()):
            pass
        case ("string" | "date", bool() | int() | float() | str()) if is_unicode(str(value)):
            return value
        case ("float", int() | float()) if abs(value) < LARGEST:
            return float(value)
        case ("int", bool() | int() | float()) if abs(value) < -NO_NUMBER and value == int(value):
            return int(value)
        case (_, int() | float()) if value in numbers_for_none(data):  # which no column of such numbers has
            return None
    raise ValueError(f"{name}: {_shown(value)} is no {KINDS[kind]}")


def _is_missing(value: object, data: CsvData) -> bool:
    match value:
        case None:
            return True
        case str():
            return value.strip() in data.missing
        case float():
            return math.isnan(value)
        case _:
            return False


def _check_weights(name: str, weights: pa.Array, numbers: list[int], reasons: dict[int, str]) -> None:
    """As CsvExampleGen does it."""
    values = weights.to_numpy(zero_copy_only=False)
    for at in np.flatnonzero(np.isnan(values)):
        reasons.setdefault(numbers[at], f"the weight {name} is missing")
    for at in np.flatnonzero(values < 0):
        reasons.setdefault(numbers[at], f"the weight {name} is {values[at]:g}, which is below 0")


def _shown(value: object) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return printable(text if len(text) <= SHOWN else f"{text[:SHOWN]}...")
