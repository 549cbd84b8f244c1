"""Takes away numbers that stand for no value, as `data.missing` has them."""

from components.arrow import pa, pc
from components.csv_example_gen.config import CsvData
from components.csv_example_gen.missing import numbers_for_none, stand_for_none


def numbers_given(column: pa.Array, data: CsvData) -> pa.Array:
    """Returns numbers [rows], null where one stands for no value."""
    if not numbers_for_none(data):
        return column
    return pc.if_else(stand_for_none(column, data), pa.scalar(None, column.type), column)
