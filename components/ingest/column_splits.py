"""Defines what each column of rows lacks, or has that training doesn't, split by split.

CsvExampleGen counts it; the gate bounds it.
"""

import json
import os
from collections.abc import Iterable

from pydantic import Field

from components.settings import Settings

COLUMN_SPLITS_FILE = "column_splits.json"


class SplitColumn(Settings):
    """A column in one split.

    Attributes:
        rows: Records.
        missing: Those without a value.
        unseen: Those with a value that no training record has; at least so many, where the split has more different
            values than are counted. None in training, and where not all of training's values were counted.
        first_unseen: The most frequent of these values.
    """

    rows: int = 0
    missing: int = 0
    unseen: int | None = None
    first_unseen: tuple[str, ...] = ()

    @property
    def missing_share(self) -> float:
        """The share of the records without a value."""
        return self.missing / self.rows if self.rows else 0.0

    @property
    def unseen_share(self) -> float:
        """The share of the values that training doesn't have."""
        given = self.rows - self.missing
        return self.unseen / given if self.unseen and given else 0.0


class ColumnSplits(Settings):
    """A column in all splits.

    Attributes:
        name: The feature's name, as in the records.
        type: Its type in the records: float, int, string or date.
        splits: What it has, by split.
    """

    name: str
    type: str
    splits: dict[str, SplitColumn] = Field(default_factory=dict)

    def of(self, split: str) -> SplitColumn:
        """Returns what it has in a split."""
        return self.splits.get(split, SplitColumn())


def write_column_splits(columns: Iterable[ColumnSplits], folder: str) -> None:
    """Writes `column_splits.json` into an artifact's folder."""
    import tensorflow as tf  # noqa: PLC0415 (as in components.ingest.report)

    with tf.io.gfile.GFile(os.path.join(folder, COLUMN_SPLITS_FILE), "w") as file:
        file.write(json.dumps([column.model_dump() for column in columns], ensure_ascii=False, indent=1))


def read_column_splits(folder: str) -> list[ColumnSplits]:
    """Reads `column_splits.json` from an artifact's folder; nothing where there is none, as for photos."""
    import tensorflow as tf  # noqa: PLC0415

    path = os.path.join(folder, COLUMN_SPLITS_FILE)
    if not tf.io.gfile.exists(path):
        return []
    with tf.io.gfile.GFile(path) as file:
        return [ColumnSplits.model_validate(column) for column in json.loads(file.read())]
