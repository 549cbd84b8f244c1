"""Tells the numbers that stand for no value where numbers have a type of their own: Parquet, JSON and data frames."""

import math
import re
from contextlib import suppress
from functools import lru_cache

from components.arrow import pa, pc
from components.csv_example_gen.config import POINT, CsvData, Decimal
from components.csv_example_gen.parse import FLOAT_PATTERN


def numbers_for_none(data: CsvData) -> tuple[int | float, ...]:
    """Returns the numbers that `data.missing` names as text: -999 of "-999". CSV compares the texts themselves."""
    return _numbers_of(data.missing, data.decimal)


def stand_for_none(column: pa.Array, data: CsvData) -> pa.Array:
    """Returns which integers, floats or decimals [rows] are numbers for none, as precisely as the column has them."""
    compared = column.cast(pa.float64()) if pa.types.is_decimal(column.type) else column
    if pa.types.is_float16(column.type):
        compared = column.cast(pa.float32())  # Arrow compares none of 16 bits
    wanted = [array for number in numbers_for_none(data) if (array := _as_one_of(number, compared.type)) is not None]
    return pc.is_in(compared, value_set=pa.concat_arrays([pa.array([], compared.type), *wanted]))


@lru_cache
def _numbers_of(texts: tuple[str, ...], decimal: Decimal) -> tuple[int | float, ...]:
    plain = (text.replace(decimal, POINT) for text in texts)
    numbers = (_number(text) for text in plain if re.fullmatch(FLOAT_PATTERN, text))
    return tuple(number for number in numbers if math.isfinite(number))


def _number(text: str) -> int | float:
    try:
        return int(text)
    except ValueError:
        return float(text)


def _as_one_of(number: int | float, kind: pa.DataType) -> pa.Array | None:
    """Returns a number as an array of a type, None where the type has no such number."""
    with suppress(pa.ArrowInvalid, OverflowError):
        if not pa.types.is_integer(kind):
            return pa.array([float(number)], pa.float64()).cast(kind, safe=False)
        if number == int(number):
            return pa.array([int(number)], kind)
    return None
