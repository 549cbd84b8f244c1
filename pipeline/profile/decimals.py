"""Finds out whether a table's numbers have a point or a comma before their fraction."""

from components.arrow import pa, pc
from components.csv_example_gen.config import COMMA, POINT, Decimal
from components.csv_example_gen.layout import THOUSANDS
from pipeline.profile.table_format import MISSING

MOSTLY = 0.95
WITH_COMMA, WITH_POINT = (rf"^[+-]?\d*{sign}\d+([eE][+-]?\d+)?$" for sign in (COMMA, r"\."))
WHOLE = r"^[+-]?\d+$"
MILLIONS = r"^[+-]?[1-9]\d{0,2}(,\d{3}){2,}$"
BETWEEN_CELLS = ";"
"""Whoever writes this between cells has the comma for fractions, as spreadsheets do."""


def decimal_of(texts: pa.Table, delimiter: str) -> Decimal:
    """Returns "," where some columns are of numbers with commas and none is of numbers with points.

    Commas that may all part thousands, as in 1,234, say nothing, but where semicolons stand between the cells: there
    they are taken for decimals, unless some number has several, as in 1,234,567. There points that may all part
    thousands say nothing, either, beside commas that can't.

    Args:
        texts: The cells, as text.
        delimiter: What stands between two of them.
    """
    columns = [_given(pc.utf8_trim_whitespace(column).drop_null()) for column in texts.columns]
    with_commas = [column for column in columns if _has(column, WITH_COMMA)]
    has_commas = any(not _parts_thousands(column, delimiter) for column in with_commas)
    has_fractions = any(not _all_are(column, WITH_COMMA, THOUSANDS[POINT]) for column in with_commas)
    may_part = delimiter == BETWEEN_CELLS and has_fractions
    has_points = any(
        _has(column, WITH_POINT) and not (may_part and _all_are(column, WITH_POINT, THOUSANDS[COMMA]))
        for column in columns
    )
    return COMMA if has_commas and not has_points else POINT


def _given(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """The cells that have a value."""
    return column.filter(pc.invert(pc.is_in(column, value_set=pa.array(MISSING))))


def _has(column: pa.ChunkedArray, pattern: str) -> bool:
    """Whether a column is of numbers, some of which have a fraction of this form."""
    fractions, whole = _count(column, pattern), _count(column, WHOLE)
    return fractions > 0 and fractions + whole >= MOSTLY * len(column)


def _parts_thousands(column: pa.ChunkedArray, delimiter: str) -> bool:
    """Whether the commas of a column of numbers may part thousands."""
    if delimiter == BETWEEN_CELLS:
        return _count(column, MILLIONS) > 0
    return _all_are(column, WITH_COMMA, THOUSANDS[POINT])


def _all_are(column: pa.ChunkedArray, those: str, pattern: str) -> bool:
    found = column.filter(pc.match_substring_regex(column, those))
    return _count(found, pattern) == len(found)


def _count(column: pa.ChunkedArray, pattern: str) -> int:
    return pc.sum(pc.match_substring_regex(column, pattern)).as_py() or 0
