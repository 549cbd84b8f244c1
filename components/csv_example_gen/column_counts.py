"""Defines what CsvExampleGen counts in each column of the training split.

Transform makes vocabularies of it without reading the rows again; `components.csv_example_gen.tally` counts.
"""

import json
import os
from collections.abc import Iterable

from pydantic import Field

from components.csv_example_gen.config import ColumnType
from components.settings import Settings

COLUMNS_FILE = "columns.json"

LISTED_VALUES = 10_000
MOST_DISTINCT: dict[ColumnType, int] = {"string": 200_000, "int": 200_000, "float": 1_000, "date": 1_000}
"""With more different values than this, a column's aren't counted. Few floats that come again are codes, as 0 and 1."""

LONGEST_VALUE = 256
"""Bytes of the longest text that is listed: a longer one is no category's name."""


class ColumnCounts(Settings):
    """What is in a column of the training split's records.

    Attributes:
        name: The feature's name: the column's, and `label` for the label.
        type: Its type in the records.
        rows: Records.
        missing: Those without a value.
        distinct: Different values; the most that are counted, where there are more.
        more_distinct: Whether there are more.
        values: How often each value occurs, as text (whole numbers without a fraction), by falling count, then by
            value. Of texts the `LISTED_VALUES` most frequent, without those beyond `LONGEST_VALUE` bytes; of numbers
            either all or, where there are more, none. Empty with `more_distinct` and for dates.
        lowest: The least value of numbers or dates; None if there is none.
        highest: The greatest.
    """

    name: str
    type: ColumnType
    rows: int = 0
    missing: int = 0
    distinct: int = 0
    more_distinct: bool = False
    values: dict[str, int] = Field(default_factory=dict)
    lowest: int | float | None = None
    highest: int | float | None = None


def write_columns(columns: Iterable[ColumnCounts], folder: str) -> None:
    """Writes `columns.json` into an artifact's folder."""
    import tensorflow as tf  # noqa: PLC0415 (as in components.ingest.report)

    with tf.io.gfile.GFile(os.path.join(folder, COLUMNS_FILE), "w") as file:
        file.write(json.dumps([column.model_dump() for column in columns], ensure_ascii=False, indent=1))


def read_columns(folder: str) -> dict[str, ColumnCounts]:
    """Reads `columns.json` from an artifact's folder: what is in each feature of the training split, by its name."""
    import tensorflow as tf  # noqa: PLC0415

    with tf.io.gfile.GFile(os.path.join(folder, COLUMNS_FILE)) as file:
        columns = [ColumnCounts.model_validate(column) for column in json.loads(file.read())]
    return {column.name: column for column in columns}


def find_columns(folder: str) -> dict[str, ColumnCounts]:
    """Reads `columns.json` as `read_columns` does; nothing where there is none, as for photos."""
    import tensorflow as tf  # noqa: PLC0415

    return read_columns(folder) if tf.io.gfile.exists(os.path.join(folder, COLUMNS_FILE)) else {}
