"""Warns of what someone should know of rows before relying on a model of them."""

from collections.abc import Iterable, Iterator

from components.column_roles import LEFT_OUT
from components.ingest.findings import long_cells_text
from components.transform.config import Text
from components.wording import listed, printable
from pipeline.new.gate import conflicts_warning, misses_a_split, missing_warning, what_stops
from pipeline.new.number_label import least_r2
from pipeline.new.number_label import warnings as about_number
from pipeline.profile.classes import MANY_CLASSES, MIN_CLASSES, few, margin, unbalanced
from pipeline.profile.columns import COMMAS, DATES, SEPARATED, Column, may_be_weights
from pipeline.profile.rows import RowFindings

FEW_TO_TEST = 100
FEW_INPUTS = 100
"""Fewer different rows than this don't split evenly."""

SLICE_VALUES = 20
NEARLY_THE_LABEL = 0.99
MUCH_MISSING = MUCH_CONFLICTING = 0.05
SHOWN = 5


def warnings_of(found: RowFindings, test_rows: int) -> Iterator[str]:
    """Yields what someone should look at before relying on a model of these rows.

    Args:
        found: What was found.
        test_rows: About how many rows the test split will have.
    """
    yield from _label_warnings(found)
    if test_rows < FEW_TO_TEST and found.number:
        yield (
            f"The test split has about {test_rows} rows: whether a model is better than always predicting the mean "
            f"isn't known where its R2 is below {least_r2(test_rows):.2f}."
        )
    elif test_rows < FEW_TO_TEST:
        yield (
            f"The test split has about {test_rows} rows: an accuracy of 0.9 is known to within "
            f"{margin(test_rows):.2f} only."
        )
    yield from _input_warnings(found)
    yield from _column_warnings(found.columns, of_number=found.number is not None)
    if found.fault_count:
        reasons = dict.fromkeys(fault.reason for fault in found.faults)
        yield f"{what_stops(found.quarantine)}: {listed(reasons, SHOWN, '; ')}."
    letters = {column.name for column in found.columns if isinstance(column.feature, Text)}
    for each in found.long_cells:
        if each.column not in letters:
            yield f"{long_cells_text(each)}. A quote that isn't closed takes in what follows it."
    if found.passed_over:
        yield f"Not read, since no data: {listed(found.passed_over)}."
    if not found.all_read:
        about = "" if found.counted else "about "
        yield f"{found.read:,} of {about}{found.rows:,} rows were read to know this; the run reads all."


def _label_warnings(found: RowFindings) -> Iterator[str]:
    rows = "rows" if found.all_read else "rows read"
    if found.number:
        yield from about_number(found.number)
        return
    if found.layout.types[found.data.label] != "string" and len(found.classes) > MIN_CLASSES:
        yield (
            f"The label is of {len(found.classes)} numbers, each of which is taken for a class; if it is an amount to "
            "be predicted, write the file anew with --task regression."
        )
    if len(found.classes) < MIN_CLASSES:
        yield f"All rows read are of the class {listed(found.classes)}: is the file sorted?"
    if len(found.classes) > MANY_CLASSES:
        yield f"The label has {len(found.classes):,} classes: is it a number, or a key?"
    if rare := few(found.classes, rows):
        yield (
            f"{rare}; a class that training has none of stops the run, and data.classes without it sets its rows aside."
        )
    if uneven := unbalanced(found.classes, rows):
        yield f"{uneven}; look at each class's slice, not at the accuracy alone."
    if found.all_read and len(found.classes) >= MIN_CLASSES and misses_a_split(found.classes):
        yield missing_warning("rows")


def _input_warnings(found: RowFindings) -> Iterator[str]:
    """On rows that are the same in all that is learned from."""
    if found.inputs is not None and found.inputs < FEW_INPUTS < found.read:
        yield (
            f"The columns that are learned from have only {found.inputs:,} different rows: the splits, which they stay "
            "together in, come out uneven."
        )
    records = sum(found.classes.values())
    if found.conflicts and found.conflicts.records > MUCH_CONFLICTING * records:
        yield conflicts_warning(found.conflicts, records)


def _column_warnings(columns: Iterable[Column], *, of_number: bool) -> Iterator[str]:
    """One warning a kind, however many columns there are."""
    for role, why in LEFT_OUT.items():
        yield from _about_columns(
            [column for column in columns if column.role == role], f"{why}; left out of the features"
        )
    yield from _about_columns(
        [column for column in columns if column.role == "feature" and column.separates >= NEARLY_THE_LABEL],
        f"tells the {'number' if of_number else 'classes'} nearly without fault; is it known before the label is? If "
        "not, leave it out",
    )
    yield from _about_columns(
        [column for column in columns if column.decimal_comma],
        f"{COMMAS} and left out; write them with a point",
    )
    yield from _about_columns(
        [column for column in columns if column.thousands],
        f"{SEPARATED} and left out; write them without",
    )
    yield from _about_columns(
        [column for column in columns if isinstance(column.feature, Text)],
        "free text, of which words are counted: crude",
    )
    yield from _about_columns(
        may_be_weights(columns),
        "named like the weight of each row, and learned from; if it says how much a row counts, name it in data.weight "
        "and take it out of transform.features",
    )
    yield from _about_columns(
        [column for column in columns if column.role == "date" and not column.feature],
        f"{DATES}, and aren't learned from; data.dates says how they are written",
    )
    yield from _about_columns(
        [column for column in columns if column.role == "date"],
        "dates; if the model is to predict what comes later, sort the file by them and split by rows (data.split.by)",
    )
    yield from _missing_warnings(columns)


def _missing_warnings(columns: Iterable[Column]) -> Iterator[str]:
    lacking = [column for column in columns if column.missing > MUCH_MISSING and column.role != "empty"]
    if lacking:
        shares = listed([f"'{printable(column.name)}' ({column.missing:.0%} of the rows)" for column in lacking])
        yield f"Values are missing: {shares}; the network is told where."


def _about_columns(columns: list[Column], what: str) -> Iterator[str]:
    if columns:
        names = listed([f"'{printable(column.name)}'" for column in columns])
        yield f"Column{'s' * (len(columns) > 1)} {names}: {what}."
