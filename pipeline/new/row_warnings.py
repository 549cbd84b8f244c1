"""What someone should know of rows before relying on a model of them."""

from collections.abc import Iterator

from components.data_gate.config import GateRules
from components.wording import shown
from pipeline.profile.classes import listed, margin, unbalanced, with_counts
from pipeline.profile.columns import Column, Role
from pipeline.profile.rows import RowFindings

TWO, MANY_CLASSES = 2, 50
FEW_OF_A_CLASS, FEW_TO_TEST = 10, 100
SLICE_VALUES = 20
NEARLY_THE_LABEL = 0.99
MUCH_MISSING = 0.05
SHOWN = 5

LEFT_OUT: dict[Role, str] = {
    "empty": "no value at all",
    "constant": "the same value in every row",
    "key": "another value in each row, as a key has: a network would learn rows by heart",
    "group": "named like a key",
    "label's copy": "tells the class in every row, as if it were a copy of the label",
}
"""Why a column isn't a feature."""


def warnings_of(found: RowFindings, test_rows: int) -> Iterator[str]:
    """Yields what someone should look at before relying on a model of these rows.

    Args:
        found: What was found.
        test_rows: About how many rows the test split will have.
    """
    yield from _label_warnings(found)
    if test_rows < FEW_TO_TEST:
        yield (
            f"the test split has about {test_rows} rows: an accuracy of 0.9 is known to within "
            f"{margin(test_rows):.2f} only"
        )
    for column in found.columns:
        yield from _column_warnings(column)
    if found.fault_count:
        share = found.fault_count / found.read
        stops = f"; more than {GateRules().max_quarantined:.0%} stop the run" * (share > GateRules().max_quarantined)
        reasons = "; ".join(dict.fromkeys(fault.reason for fault in found.faults[:SHOWN]))
        yield f"{found.fault_count:,} of {found.read:,} rows read can't be used ({share:.1%}){stops}: {reasons}"
    if not found.all_read:
        yield f"{found.read:,} of about {found.rows:,} rows were read to know this; the run reads all"


def _label_warnings(found: RowFindings) -> Iterator[str]:
    if len(found.classes) < TWO:
        yield f"of the rows read, all are of the class {listed(found.classes)}: is the file sorted?"
    if len(found.classes) > MANY_CLASSES:
        yield f"the label has {len(found.classes):,} classes: is it a number, or a key?"
    few = {name: count for name, count in found.classes.items() if count < FEW_OF_A_CLASS}
    if few:
        yield (
            f"few rows of a class: {with_counts(few)}; a class that training has none of stops the run, "
            "and data.classes without it sets its rows aside"
        )
    yield from unbalanced(found.classes)


def _column_warnings(column: Column) -> Iterator[str]:
    name = f"column {shown(column.name)!r}"
    if column.role in LEFT_OUT:
        yield f"{name}: {LEFT_OUT[column.role]}; left out of the features"
    if column.role == "feature" and column.separates >= NEARLY_THE_LABEL:
        yield f"{name}: tells the classes nearly without fault; is it known before the label is? If not, leave it out"
    if column.decimal_comma:
        yield f"{name}: numbers with a decimal comma, which are read as text; write them with a point"
    elif column.role == "text":
        sliced = "sliced by" if column.distinct <= SLICE_VALUES else "which has too many values to slice by"
        yield f"{name}: text of {column.distinct:,} different values, {sliced}, but not a feature yet"
    if column.role == "date":
        yield (
            f"{name}: dates, which aren't features; if the model is to tell what comes later, sort the file by them "
            "and split by rows (data.split.by)"
        )
    if column.missing > MUCH_MISSING and column.role != "empty":
        filled = "; the mean is put in its place" if column.role == "feature" else ""
        yield f"{name}: no value in {column.missing:.0%} of the rows read{filled}"
