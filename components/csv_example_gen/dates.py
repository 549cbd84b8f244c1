"""Reads dates and times as seconds since 1970-01-01 UTC, a whole column at a time.

Python's strptime takes five microseconds a cell and Python's lock; Arrow's takes the 30th of February for the 2nd of
March. So a format becomes an expression that Arrow takes the cells apart with, and NumPy counts the days.
"""

import numpy as np
import numpy.typing as npt

from components.arrow import pa, pc
from components.csv_example_gen.date_formats import MONTHS, pattern_of

LATEST_IN_2000S = 68
"""The short years 69 to 99 are of the 1900s (POSIX, strptime)."""

IN_A_SECOND = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}
HOUR, MINUTE, DAY = 3_600, 60, 86_400

Numbers = npt.NDArray[np.int64]


def seconds_of(texts: pa.Array, written: str) -> pa.Array:
    """Returns int64 [texts]: seconds since 1970-01-01 UTC; null for what is no date that there is.

    A text without a time zone is in UTC, one without a time is midnight.

    Args:
        texts: Strings; what is around them doesn't matter.
        written: As in `CsvData.dates`.
    """
    # Each text once: days come again and again.
    encoded = pc.dictionary_encode(pc.utf8_trim_whitespace(texts))
    return _parsed(encoded.dictionary, written).take(encoded.indices)


def seconds_of_typed(values: pa.Array) -> pa.Array:
    """Returns int64 [values]: dates and timestamps as seconds since 1970-01-01 UTC; fractions are cut off.

    Args:
        values: Of a type of Arrow's with a date.
    """
    stamps = values if pa.types.is_timestamp(values.type) else values.cast(pa.timestamp("s"), safe=False)
    counted = stamps.cast(pa.int64())
    # Arrow's own division goes towards zero, which before 1970 is a second too late.
    whole = np.floor_divide(counted.fill_null(0).to_numpy(), IN_A_SECOND[stamps.type.unit])
    return pa.array(whole, mask=counted.is_null().to_numpy(zero_copy_only=False))


def holds_dates(kind: pa.DataType) -> bool:
    """Returns whether `seconds_of_typed` takes a type."""
    return bool(pa.types.is_date(kind) or pa.types.is_timestamp(kind))


def _parsed(texts: pa.Array, written: str) -> pa.Array:
    """Returns what `seconds_of` does of different texts."""
    parts = pc.extract_regex(texts, pattern=pattern_of(written))
    found = {field.name: parts.field(number) for number, field in enumerate(parts.type)}
    given = parts.is_valid().to_numpy(zero_copy_only=False)
    years = _years(found)
    if "name" in found:
        short = pc.utf8_slice_codeunits(pc.utf8_lower(found["name"]), 0, 3)
        months = _filled(pc.add(pc.index_in(short, value_set=pa.array(MONTHS)), 1), 1)
    else:
        months = _number(found, "month", 1)
    first = ((years - 1970) * 12 + months - 1).astype("datetime64[M]")
    lengths = ((first + 1).astype("datetime64[D]") - first.astype("datetime64[D]")).astype(np.int64)
    days = _number(found, "day", 1)
    seconds = (first.astype("datetime64[D]").astype(np.int64) + days - 1) * DAY
    seconds += _hours(found) * HOUR + _number(found, "minute", 0) * MINUTE + _number(found, "second", 0)
    return pa.array(seconds - _zones(found), mask=~(given & (years > 0) & (days <= lengths)))


def _years(found: dict[str, pa.Array]) -> Numbers:
    if "year" in found:
        return _number(found, "year", 1970)
    short = _number(found, "short_year", 70)
    return np.where(short > LATEST_IN_2000S, 1900, 2000) + short


def _hours(found: dict[str, pa.Array]) -> Numbers:
    hours = _number(found, "hour", 0)
    if "half" not in found:
        return hours
    is_pm = _filled(pc.equal(pc.utf8_lower(found["half"]), "pm"), False)
    return hours % 12 + 12 * is_pm


def _zones(found: dict[str, pa.Array]) -> Numbers:
    """Seconds that each time is ahead of UTC."""
    if "zone" not in found:
        return np.zeros(1, np.int64)
    parts = pc.extract_regex(found["zone"], pattern=r"^(?P<sign>[+-])(?P<hour>\d{2}):?(?P<minute>\d{2})?$")
    split = {field.name: parts.field(number) for number, field in enumerate(parts.type)}
    size = _number(split, "hour", 0) * HOUR + _number(split, "minute", 0) * MINUTE
    return np.where(_filled(pc.equal(split["sign"], "-"), False), -size, size)


def _number(found: dict[str, pa.Array], name: str, default: int) -> Numbers:
    """Returns int64 [texts], the default where a part isn't there."""
    if name not in found:
        return np.full(1, default, np.int64)
    digits = pc.utf8_trim_whitespace(found[name])
    digits = pc.if_else(pc.equal(digits, ""), pa.scalar(None, pa.string()), digits)
    return _filled(digits.cast(pa.int64()), default)


def _filled(values: pa.Array, default: int) -> Numbers:
    return np.asarray(values.fill_null(default).to_numpy(zero_copy_only=False)).astype(np.int64)
