"""Defines the report of an ExampleGen: what it found, what became of it, and what looks wrong."""

import json
import os

from components.settings import Settings

REPORT_FILE = "report.json"
QUARANTINE_FILE = "quarantine.jsonl"
SHOWN = 5
MAX_CONFLICTS = 20
"""Groups of conflicting records that are named."""


class Quarantined(Settings):
    """One record that couldn't be used.

    Attributes:
        place: The file, or file and row, relative to the data.
        reason: What is wrong with it.
    """

    place: str
    reason: str


class Duplicate(Settings):
    """Byte-identical records found at more than one place.

    Attributes:
        places: "split/label: place" of each copy.
        splits: The different splits the copies are in, sorted.
        labels: The different labels the copies have, sorted.
    """

    places: tuple[str, ...]
    splits: tuple[str, ...]
    labels: tuple[str, ...]


class Conflicts(Settings):
    """Records that are the same in all that is learned from, and differ in their label.

    Attributes:
        groups: Sets of such records.
        records: How many records are in them.
        outvoted: Those of them whose label isn't the most frequent one of their set: no model of these inputs can be
            right about them.
        share: The share of all inputs that was counted; where it is below 1, the numbers above are estimates.
        first: The first of the sets, with the first record of each label in a split.
        quarantined: Whether all of them were set aside, as photos are, or they are among the records that were written.
    """

    groups: int = 0
    records: int = 0
    outvoted: int = 0
    share: float = 1.0
    first: tuple[Duplicate, ...] = ()
    quarantined: bool = False


class LabelRange(Settings):
    """From where to where the labels of a split go, where they are numbers to predict.

    Attributes:
        lowest: The least.
        highest: The greatest.
        lowest_place: Where the record with the least one came from.
        highest_place: The same of the greatest.
        outside: Records whose label is below the least or above the greatest of the training split.
    """

    lowest: float
    highest: float
    lowest_place: str
    highest_place: str
    outside: int = 0


class LongCells(Settings):
    """Cells of a column of text that are too long for the name of a category.

    Attributes:
        column: The column.
        given: How many of its cells say anything.
        cells: How many of those are so long.
        longest: Bytes of the longest cell.
        first: Where the first of the long ones are.
    """

    column: str
    given: int
    cells: int
    longest: int
    first: tuple[str, ...] = ()


class IngestReport(Settings):
    """Records in = records out + quarantined + unused.

    Attributes:
        found: Records (photos or rows) found in the input.
        counts: Records written, by split, then by label; of numbers to predict all under "".
        quarantined: Records set aside in `quarantine.jsonl`.
        hidden: How many of the quarantined are hidden files or blank lines, which no one meant as data.
        unused: Records that a split by rows leaves out.
        broken: Files that end in the middle, so that nobody knows how many records are missing.
        first_quarantined: The first few of them, for the screen.
        duplicates: Groups of identical records that differ in split or label.
        conflicts: Records with the same inputs and different labels; None where they weren't counted.
        long_cells: Columns of text with a few cells that are too long for a name.
        passed_over: How many files beside those of rows aren't data.
        first_passed_over: The names of the first few of them.
        label_ranges: Of numbers to predict, the labels by split; empty for classes.
        outside: How many photos were taken that lie elsewhere than below the data's folder.
        first_outside: The names of the first few of them.
    """

    found: int
    counts: dict[str, dict[str, int]]
    quarantined: int
    hidden: int = 0
    unused: int = 0
    broken: tuple[Quarantined, ...] = ()
    first_quarantined: tuple[Quarantined, ...] = ()
    duplicates: tuple[Duplicate, ...] = ()
    conflicts: Conflicts | None = None
    long_cells: tuple[LongCells, ...] = ()
    passed_over: int = 0
    first_passed_over: tuple[str, ...] = ()
    label_ranges: dict[str, LabelRange] = {}
    outside: int = 0
    first_outside: tuple[str, ...] = ()

    @property
    def of_numbers(self) -> bool:
        """Whether the label is a number to predict; where there is no record, nobody knows."""
        return bool(self.label_ranges)

    def written(self, split: str) -> int:
        """Returns how many records went into a split."""
        return sum(self.counts.get(split, {}).values())

    def labels(self, split: str) -> set[str]:
        """Returns the classes that occur in a split."""
        return set(self.counts.get(split, {}))


def write_report(report: IngestReport, folder: str) -> None:
    """Writes `report.json` into an artifact's folder."""
    import tensorflow as tf  # noqa: PLC0415 (the models above are used where it isn't wanted)

    with tf.io.gfile.GFile(os.path.join(folder, REPORT_FILE), "w") as file:
        file.write(report.model_dump_json(indent=2, exclude=None if report.of_numbers else {"label_ranges"}))


def read_report(folder: str) -> IngestReport:
    """Reads `report.json` from an artifact's folder."""
    import tensorflow as tf  # noqa: PLC0415

    with tf.io.gfile.GFile(os.path.join(folder, REPORT_FILE)) as file:
        return IngestReport.model_validate(json.loads(file.read()))
