"""Reads rows from lines of JSON, an object each with a column's value under its name, as requests have them."""

import json
import math
from collections.abc import Collection, Iterator, Mapping
from itertools import islice
from typing import TypeAlias

import numpy as np

from components.arrow import pa, pc
from components.contract import LABEL
from components.csv_example_gen.config import ColumnType, CsvData
from components.csv_example_gen.date_formats import ISO
from components.csv_example_gen.dates import seconds_of
from components.csv_example_gen.missing import numbers_for_none
from components.csv_example_gen.reader import Fault, Rows
from components.ingest import storage
from components.wording import is_unicode, printable
from pipeline.prediction.spelling import text_of

JSON_LINES = (".jsonl", ".ndjson")
AT_ONCE = 8192
LARGEST = float(np.finfo(np.float32).max)
SHOWN = 80

Value: TypeAlias = float | int | str | None

KINDS: Mapping[ColumnType, str] = {"float": "number", "int": "whole number", "string": "text", "date": "date"}
ARROW: Mapping[ColumnType, pa.DataType] = {
    "float": pa.float32(),
    "int": pa.int64(),
    "string": pa.string(),
    "date": pa.string(),
}
"""What is made of JSON's values; dates are yet to be read."""


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
    rows: dict[int, dict[str, Value]] = {}
    reasons: dict[int, str] = {}
    for number, line in enumerate(lines, before):
        try:
            rows[number] = _row(line, types, data, trained)
        except ValueError as error:
            reasons[number] = str(error)
    columns = {name: pa.array([row[name] for row in rows.values()], ARROW[kind]) for name, kind in types.items()}
    for name, kind in types.items():
        if kind == "date":
            columns[name] = _dates(name, columns[name], list(rows), data, reasons)
    keep = np.array([number not in reasons for number in rows], bool)
    places = np.array(list(rows), np.int64)[keep]
    table = pa.table({LABEL if name == data.label else name: each for name, each in columns.items()})
    faults = [Fault(number, reason) for number, reason in sorted(reasons.items())]
    return Rows(table.filter(pa.array(keep)), places, places, faults, len(lines))


def _dates(name: str, texts: pa.Array, numbers: list[int], data: CsvData, reasons: dict[int, str]) -> pa.Array:
    """Returns seconds since 1970-01-01 UTC; the lines with a text that is no date go to `reasons`."""
    written = data.dates.get(name, ISO)
    seconds = seconds_of(texts, written)
    for at in np.flatnonzero(pc.and_(seconds.is_null(), texts.is_valid()).to_numpy(zero_copy_only=False)):
        form = "YYYY-MM-DD (iso)" if written == ISO else written
        reasons.setdefault(numbers[at], f"{name}: {_shown(texts[at].as_py())} is no date of the form {form}")
    return seconds


def _row(
    line: bytes, types: Mapping[str, ColumnType], data: CsvData, trained: Mapping[str, Collection[str]]
) -> dict[str, Value]:
    """Returns the values of a line, None for a missing one.

    Raises:
        ValueError: It is no object, or holds what a column doesn't.
    """
    try:
        found = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"it isn't JSON: {getattr(error, 'msg', error)}") from error
    if not isinstance(found, dict):
        raise ValueError("it is no JSON object, which has a value under each column's name")
    row = {name: _value(name, found.get(name), kind, data, trained.get(name, ())) for name, kind in types.items()}
    if row.get(data.label, "") is None:
        raise ValueError(f"the label {data.label} is missing")
    if data.weight in row:
        _check_weight(data.weight, row[data.weight])
    return row


def _value(name: str, value: object, kind: ColumnType, data: CsvData, trained: Collection[str]) -> Value:
    if _is_missing(value, data):
        return None
    match kind, value:
        case ("string", bool() | int() | float() | str()) if is_unicode(text := text_of(value, trained)):
            return text
        case (_, bool()):
            raise ValueError(f"{name}: {_shown(value)} is no {KINDS[kind]}")
        case ("float", int() | float()) if abs(value) < LARGEST:
            return float(value)
        case ("int", int() | float()) if abs(value) < 2**63 and value == int(value):
            return int(value)
        case ("date", str()) if is_unicode(value):
            return value
        case _:
            raise ValueError(f"{name}: {_shown(value)} is no {KINDS[kind]}")


def _is_missing(value: object, data: CsvData) -> bool:
    match value:
        case None:
            return True
        case str():
            return value.strip() in data.missing
        case float() if math.isnan(value):
            return True
        case bool():
            return False
        case _:
            return value in numbers_for_none(data)


def _check_weight(name: str, weight: Value) -> None:
    """As CsvExampleGen does it."""
    if weight is None:
        raise ValueError(f"the weight {name} is missing")
    if isinstance(weight, float) and weight < 0:
        raise ValueError(f"the weight {name} is {weight:g}, which is below 0")


def _shown(value: object) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return printable(text if len(text) <= SHOWN else f"{text[:SHOWN]}...")
