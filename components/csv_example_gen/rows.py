"""Turns parsed columns into the columns of the records: a label becomes a class, numbers fit a float32."""

from collections.abc import Mapping

import numpy as np

from components.arrow import pa, pc
from components.contract import CLASSIFICATION, LABEL, REGRESSION, Task
from components.csv_example_gen.config import ColumnType, CsvData
from components.csv_example_gen.layout import CODE
from components.csv_example_gen.parse import Fault, Rows, numbers_in
from components.wording import listed, printable

NO_NUMBER = -(2**63)
"""What stands in a model for a whole number that is missing."""


def records_of(rows: Rows, types: Mapping[str, ColumnType], data: CsvData, task: Task = CLASSIFICATION) -> Rows:
    """Returns the rows that can be records, with the columns that records have.

    Args:
        rows: What was parsed.
        types: The type of each column.
        data: The settings.
        task: Whether the label is a class or a number.

    Returns:
        Columns of float32, int64 and strings, the label as a string or a float32 under `LABEL`; rows without a label,
        with a label outside of `data.classes`, with NaN, with a number beyond float32, with the least one of int64, or
        with a weight that there isn't or that is below 0 are among the faults.
    """
    reasons: dict[int, str] = {}
    columns: dict[str, pa.Array] = {}
    for name in rows.table.column_names:
        column = rows.table[name].combine_chunks()
        if name == data.label and task == REGRESSION:
            _check_labels(name, column, reasons)
            columns[LABEL] = column
        elif name == data.label:
            columns[LABEL] = _classes(name, column, types[name], data, reasons)
        elif types[name] == "float":
            for row in np.flatnonzero(_true(pc.invert(pc.is_finite(column)))):
                reasons.setdefault(int(row), f"{name} is {_not_finite(column[int(row)].as_py())}")
            if name == data.weight:
                _check_weights(name, column, reasons)
            columns[name] = column
        else:
            if types[name] == "int":
                for row in np.flatnonzero(_true(pc.equal(column, NO_NUMBER))):
                    reasons.setdefault(int(row), f"{name} is {NO_NUMBER}, which stands for a missing number")
            columns[name] = column
    table = pa.table(columns)
    if not reasons:
        return Rows(table, rows.lines, rows.row_numbers, rows.faults, rows.count)
    keep = np.ones(table.num_rows, bool)
    keep[list(reasons)] = False
    faults = [*rows.faults, *(Fault(int(rows.lines[row]), reason) for row, reason in reasons.items())]
    faults.sort(key=lambda fault: fault.line)
    return Rows(table.filter(pa.array(keep)), rows.lines[keep], rows.row_numbers[keep], faults, rows.count)


def _check_labels(name: str, column: pa.Array, reasons: dict[int, str]) -> None:
    for row in np.flatnonzero(_true(pc.is_null(column))):
        reasons.setdefault(int(row), f"the label {name} is missing")
    for row in np.flatnonzero(_true(pc.invert(pc.is_finite(column)))):
        reasons.setdefault(int(row), f"the label {name} is {_not_finite(column[int(row)].as_py())}")


def _check_weights(name: str, column: pa.Array, reasons: dict[int, str]) -> None:
    for row in np.flatnonzero(_true(pc.is_null(column))):
        reasons.setdefault(int(row), f"the weight {name} is missing")
    for row in np.flatnonzero(_true(pc.less(column, 0.0))):
        reasons.setdefault(int(row), f"the weight {name} is {column[int(row)].as_py():g}, which is below 0")


def _not_finite(value: float) -> str:
    return "nan" if np.isnan(value) else f"{value:g}, or too large for a float32"


def _classes(name: str, column: pa.Array, kind: ColumnType, data: CsvData, reasons: dict[int, str]) -> pa.Array:
    """Returns the class of each row; each different label is looked at once."""
    encoded = pc.dictionary_encode(column, null_encoding="encode")
    of_labels: dict[int, str] = {}
    classes = _different_classes(name, encoded.dictionary, kind, data, of_labels)
    if of_labels:
        labels = encoded.indices.to_numpy()
        for row in np.flatnonzero(np.isin(labels, list(of_labels))):
            reasons.setdefault(int(row), of_labels[int(labels[row])])
    return classes.take(encoded.indices)


def _different_classes(
    name: str, labels: pa.Array, kind: ColumnType, data: CsvData, reasons: dict[int, str]
) -> pa.Array:
    """Returns the classes of labels that differ; what is wrong with one goes to `reasons`."""
    if kind == "string":
        found = pc.utf8_trim_whitespace(labels)
    else:
        numbers = _numbers_of(name, labels, kind, data, reasons)
        if kind == "float":
            for at in np.flatnonzero(_true(pc.invert(pc.is_finite(numbers)))):
                reasons.setdefault(int(at), f"the label {name} is {_not_finite(numbers[int(at)].as_py())}")
        found = as_text(numbers)
    absent = _true(pc.or_kleene(pc.is_null(found), pc.equal(found, "")))
    for at in np.flatnonzero(absent):
        reasons.setdefault(int(at), f"the label {name} is missing")
    if data.classes:
        known = pc.is_in(found, value_set=pa.array(data.classes))
        for at in np.flatnonzero(~_true(known) & ~absent):
            reasons.setdefault(
                int(at), f"the label {name} is {printable(found[int(at)].as_py())!r}, not one of {listed(data.classes)}"
            )
    return found


def _numbers_of(name: str, labels: pa.Array, kind: ColumnType, data: CsvData, reasons: dict[int, str]) -> pa.Array:
    """Returns labels as numbers; a code is none, unless the settings say so."""
    if not pa.types.is_string(labels.type):
        return labels
    if name not in data.types:
        trimmed = pc.utf8_trim_whitespace(labels)
        for at in np.flatnonzero(_true(pc.match_substring_regex(trimmed, CODE))):
            code = printable(trimmed[int(at)].as_py())
            reasons[int(at)] = (
                f"the label {name} is {code!r}, which as a number loses its zeros; set data.types.{name} to string"
            )
    return numbers_in(name, labels, kind, data, reasons)


def as_text(column: pa.Array) -> pa.Array:
    """Numbers as text, whole ones without a fraction: 1.0 and 1 are one class."""
    if pa.types.is_floating(column.type):
        whole = _true(pc.equal(pc.round(column), column)) & _true(pc.less(pc.abs(column), 2.0**53))
        if whole[~_true(pc.is_null(column))].all():
            return column.cast(pa.int64()).cast(pa.string())
        integers = pc.if_else(pa.array(whole), column, None).cast(pa.int64()).cast(pa.string())
        return pc.if_else(pa.array(whole), integers, column.cast(pa.string()))
    return column.cast(pa.string())


def _true(mask: pa.Array) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """A mask without nulls, which count as false."""
    return np.asarray(pc.fill_null(mask, False).to_numpy(zero_copy_only=False), dtype=bool)
