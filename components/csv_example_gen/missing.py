"""Tells the numbers and dates that stand for no value, however they are written, or of a type of their own."""

import math
import re
from contextlib import suppress
from decimal import Decimal as Exact
from functools import lru_cache

from components.arrow import pa, pc
from components.csv_example_gen.config import POINT, CsvData, Decimal
from components.csv_example_gen.date_formats import ISO
from components.csv_example_gen.dates import seconds_of

PLAIN_NUMBER = r"[+-]?((0|[1-9][0-9]*)(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?"
"""What has zeros before it, as 00 or -007, is a code: as a number it would be another text's, too."""

NOT_A_NUMBER = r"[+-]?nan"


def numbers_for_none(data: CsvData) -> tuple[int | float, ...]:
    """Returns the numbers that `data.missing` names as text: -999 of "-999", and none of a code, as "007"."""
    return _numbers_of(data.missing, data.decimal)


def stand_for_none(column: pa.Array, data: CsvData) -> pa.Array:
    """Returns which integers, floats or decimals [rows] are numbers for none, as precisely as the column has them."""
    # Arrow tells 0 from -0.
    compared = pc.add(column, pa.scalar(0.0, column.type)) if pa.types.is_floating(column.type) else column
    wanted = [array for number in numbers_for_none(data) if (array := _as_one_of(number, column.type)) is not None]
    return pc.is_in(compared, value_set=pa.concat_arrays([pa.array([], column.type), *wanted]))


def names_numbers(data: CsvData) -> bool:
    """Returns whether `data.missing` names any number, or NaN."""
    return bool(numbers_for_none(data)) or _names_nan(data.missing)


def numbers_given(column: pa.Array, data: CsvData) -> pa.Array:
    """Returns integers, floats or decimals [rows], null where one is a number for none, or NaN if that is named."""
    if numbers_for_none(data):
        column = null_where(stand_for_none(column, data), column)
    return without_nan(column) if _names_nan(data.missing) and pa.types.is_floating(column.type) else column


def dates_given(name: str, seconds: pa.Array, data: CsvData) -> pa.Array:
    """Returns int64 [rows]: the dates of a column as seconds, null where one is a date that `data.missing` names.

    Args:
        name: The column.
        seconds: As `seconds_of` returns them.
        data: The settings; a date stands there as it is written in the column, or as in ISO 8601.
    """
    for_none = _seconds_of(data.missing, data.dates.get(name, ISO))
    if not for_none:
        return seconds
    return null_where(pc.is_in(seconds, value_set=pa.array(for_none)), seconds)


def without_nan(floats: pa.Array) -> pa.Array:
    """Returns floats [rows], null where one is NaN."""
    return null_where(pc.is_nan(floats), floats)


def null_where(mask: pa.Array, values: pa.Array) -> pa.Array:
    """Returns values, null where a mask is true."""
    return pc.if_else(mask, pa.scalar(None, values.type), values) if pc.any(mask).as_py() else values


@lru_cache
def _numbers_of(texts: tuple[str, ...], decimal: Decimal) -> tuple[int | float, ...]:
    plain = (text.replace(decimal, POINT) for text in texts)
    # What is beyond a float is no number of any column.
    return tuple(_number(text) for text in plain if re.fullmatch(PLAIN_NUMBER, text) and math.isfinite(float(text)))


@lru_cache
def _names_nan(texts: tuple[str, ...]) -> bool:
    return any(re.fullmatch(NOT_A_NUMBER, text, re.IGNORECASE) for text in texts)


@lru_cache
def _seconds_of(texts: tuple[str, ...], written: str) -> tuple[int, ...]:
    markers = pa.array(texts, pa.string())
    return tuple(second for form in (written, ISO) for second in seconds_of(markers, form).drop_null().to_pylist())


def _number(text: str) -> int | float:
    try:
        return int(text)
    except ValueError:
        return float(text)


def _as_one_of(number: int | float, kind: pa.DataType) -> pa.Array | None:
    """Returns a number as an array of a type, None where the type has no such number."""
    with suppress(pa.ArrowInvalid, OverflowError):
        if pa.types.is_decimal(kind):
            return pa.array([Exact(str(number))], kind)
        if not pa.types.is_integer(kind):
            return pa.array([float(number)], pa.float64()).cast(kind, safe=False)
        if number == int(number):
            return pa.array([int(number)], kind)
    return None
