"""Takes away numbers and dates that stand for no value, as `data.missing` has them."""

from components.arrow import pa, pc
from components.csv_example_gen.config import CsvData
from components.csv_example_gen.date_formats import ISO
from components.csv_example_gen.dates import seconds_of
from components.csv_example_gen.missing import numbers_for_none, stand_for_none


def numbers_given(column: pa.Array, data: CsvData) -> pa.Array:
    """Returns numbers [rows], null where one stands for no value."""
    if not numbers_for_none(data):
        return column
    return pc.if_else(stand_for_none(column, data), pa.scalar(None, column.type), column)


def dates_given(name: str, seconds: pa.Array, data: CsvData) -> pa.Array:
    """Returns dates [rows], null where one stands for no value.

    Args:
        name: The column.
        seconds: int64 [rows], since 1970-01-01 UTC.
        data: The settings; a date stands there as it is written in the column, or as in ISO 8601.
    """
    texts = pa.array(data.missing, pa.string())
    named = pa.concat_arrays([seconds_of(texts, form) for form in (data.dates.get(name, ISO), ISO)])
    return pc.if_else(pc.is_in(seconds, value_set=named), pa.scalar(None, pa.int64()), seconds)
