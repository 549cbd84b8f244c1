"""Gives rows to a model, read as CsvExampleGen does it; the label may be missing."""

from bisect import bisect
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from components.arrow import pa, pc
from components.contract import LABEL
from components.csv_example_gen.config import ColumnType, CsvData
from components.csv_example_gen.files import DataFile, Kind, list_files
from components.csv_example_gen.layout import FLOAT, TEXT, FileLayout, TableLayout, look_at
from components.csv_example_gen.reader import Reader, Rows
from components.errors import TransferlineError
from components.ingest.report import Quarantined
from components.wording import printable
from pipeline.prediction.json_rows import JSON_LINES, read_json_rows
from pipeline.prediction.labels import booleans, type_of
from pipeline.prediction.pushed_model import PushedModel, Values
from pipeline.prediction.results import Prediction, QuarantinedRow, number_prediction, prediction

BATCH = 8192
SECONDS = "%Y-%m-%dT%H:%M:%S"
"""How a date is given to a model."""

LARGEST_WHOLE = float(np.nextafter(2.0**63, 0))
"""The largest float64 that is a whole number of 64 bits. -2^63 isn't one to a model: there it stands for no value."""

NO_VALUE = "there is no value in any column that the model learned from"


def predict_rows(
    paths: Sequence[str], data: CsvData, model: PushedModel, *, labelled: bool = False
) -> Iterator[list[Prediction | Quarantined]]:
    """Yields what the model says of each row, in their order, batch by batch; what can't be read has its reason.

    Args:
        paths: Files of rows, lines of JSON among them, and folders of CSV and Parquet.
        data: The pipeline's settings: how the files are written.
        model: The model.
        labelled: Whether the label and the weight, if there is one, are read too, as CsvExampleGen does it.
    """
    columns = model.columns()
    for path in paths:
        if path.endswith(JSON_LINES):
            yield from _predict_json(path, columns, data, model, labelled=labelled)
            continue
        try:
            files = list_files(path)
        except TransferlineError as error:
            yield [Quarantined(place=error.place or path, reason=error.cause)]
            continue
        for file in files:
            try:
                weight = [data.weight] if labelled and data.weight else []
                labels = [data.label] if labelled else []
                layout, seen = layout_of(file, data, (*columns, *labels, *weight))
                types: dict[str, ColumnType] = {n: "date" if n in data.dates else kind for n, kind in columns.items()}
                types |= {name: TEXT for name in data.id if name in layout.columns} | dict.fromkeys(weight, FLOAT)
                if labelled:
                    types[data.label] = _label_type(file, seen, data, model)
                table = TableLayout((layout,), types, data.label, task=model.task.task)
                yield from _predict_file(_Asked(table, columns, data, model))
            except TransferlineError as error:
                yield [Quarantined(place=error.place or file.path, reason=error.cause)]


def _label_type(file: DataFile, seen: Mapping[str, ColumnType], data: CsvData, model: PushedModel) -> ColumnType:
    if model.task.of_numbers:
        return FLOAT
    found = seen.get(data.label, TEXT)
    return data.types.get(data.label) or (found if file.kind is Kind.PARQUET else type_of(found, model.class_names))


def _predict_json(
    path: str, columns: Mapping[str, ColumnType], data: CsvData, model: PushedModel, *, labelled: bool
) -> Iterator[list[Prediction | Quarantined]]:
    label_type: ColumnType = FLOAT if model.task.of_numbers else TEXT
    others = dict.fromkeys(data.id, TEXT) | ({data.label: label_type} if labelled else {})
    weight = {data.weight: FLOAT} if labelled and data.weight else {}
    layout = TableLayout((FileLayout(path, path, Kind.CSV, "", 0),), {**columns, **others, **weight}, data.label)
    trained = {**model.trained_texts(), data.label: model.class_names}
    asked, before = _Asked(layout, columns, data, model), 0
    try:
        for rows in read_json_rows(path, layout.types, data, trained):
            yield from asked.answers(rows, 0, before)
            before += rows.count
    except OSError as error:
        yield [Quarantined(place=path, reason=f"the file can't be read: {error.strerror or error}")]


def layout_of(file: DataFile, data: CsvData, needed: Sequence[str]) -> tuple[FileLayout, dict[str, ColumnType]]:
    """Returns how a file is read, and the types that its columns seem to have.

    Without a header its columns are those of `data.columns`, all of them or all but the label, or but label and weight.

    Args:
        file: The file.
        data: The pipeline's settings.
        needed: The columns that it must have.

    Raises:
        TransferlineError: The file is no table, or lacks a column.
    """
    unnamed = data.model_copy(update={"columns": ()})
    layout, types = look_at(file, unnamed, {})
    if data.columns and data.header == "auto" and layout.header_lines and not set(layout.columns) & set(data.columns):
        # A first row of text is no header.
        layout, types = look_at(file, unnamed.model_copy(update={"header": "no"}), {})
    if layout.empty:
        raise TransferlineError(f"{layout.empty.capitalize()}.", place=file.path)
    if data.columns and not layout.header_lines and not file.kind.names_columns:
        without_label = tuple(name for name in data.columns if name != data.label)
        alone = tuple(name for name in without_label if name != data.weight)
        lists = (data.columns, without_label, alone)
        named = next((names for names in lists if len(names) == len(layout.columns)), None)
        if named is None:
            raise TransferlineError(
                f"The first line has {len(layout.columns)} cells; {len(data.columns)} are expected, or "
                f"{len(without_label)} without the label.",
                place=file.path,
            )
        types = {name: types[found] for found, name in zip(layout.columns, named, strict=True) if found in types}
        layout = replace(layout, columns=named)
    lacking = [name for name in needed if name not in layout.columns]
    if lacking:
        raise TransferlineError(f"The file lacks the columns {', '.join(map(printable, lacking))}.", place=file.path)
    return replace(layout, name=file.path), types


def _predict_file(asked: "_Asked") -> Iterator[list[Prediction | Quarantined]]:
    reader = Reader(asked.layout, asked.data)
    before = 0
    for part in reader.parts():
        in_part = 0
        for piece in reader.pieces(part):
            rows = reader.records(piece, part.file)
            yield from asked.answers(rows, before, in_part)
            in_part += rows.count
        before += in_part


@dataclass(frozen=True)
class _Asked:
    """A model that is asked about the rows of a file.

    Attributes:
        layout: The file.
        columns: The columns that the model takes, and their types.
        data: The pipeline's settings.
        model: The model.
    """

    layout: TableLayout
    columns: Mapping[str, ColumnType]
    data: CsvData
    model: PushedModel

    def answers(self, rows: Rows, before: int, in_part: int) -> Iterator[list[Prediction | Quarantined]]:
        """Yields what comes of each line, in their order, batch by batch.

        Args:
            rows: The rows of some lines, and those lines that make none.
            before: Rows in the file's parts before that of these.
            in_part: Rows of the part before these.
        """
        faults = self._faults(rows, before, in_part)
        if not rows.table.num_rows:
            yield [*faults]
            return
        lines, told = [fault.line for fault in rows.faults], 0
        for start in range(0, rows.table.num_rows, BATCH):
            of_rows = rows.lines[start : start + BATCH].tolist()
            is_last = start + BATCH >= rows.table.num_rows
            due = len(lines) if is_last else bisect(lines, of_rows[-1])
            found = [*self._predicted(rows, start, before), *faults[told:due]]
            yield [found[at] for at in np.argsort(of_rows + lines[told:due], kind="stable")]
            told = due

    def _faults(self, rows: Rows, before: int, in_part: int) -> list[QuarantinedRow]:
        lines = np.array([fault.line for fault in rows.faults], np.int64)
        # Where rows take several lines, only their order says which a fault is.
        numbers = np.searchsorted(rows.lines, lines) + np.arange(len(lines)) + before + in_part + 1
        return [
            self._fault(fault.line + before, number, fault.reason)
            for fault, number in zip(rows.faults, numbers.tolist(), strict=True)
        ]

    def _predicted(self, rows: Rows, start: int, before: int) -> list[Prediction | Quarantined]:
        labelled, data, model = rows.table.slice(start, BATCH), self.data, self.model
        values = {name: values_of(labelled[name].combine_chunks(), kind) for name, kind in self.columns.items()}
        labels = self._labels(labelled)
        keys = _keys(labelled, data.id)
        is_weighted = bool(data.weight) and data.weight in labelled.column_names
        weights = labelled[data.weight].to_pylist() if is_weighted else [1.0] * labelled.num_rows
        nothing = nothing_of(values)
        found: list[Prediction | Quarantined] = []
        for at, scores in enumerate(model.of_rows(values)):
            row, line = int(rows.row_numbers[start + at]) + before + 1, int(rows.lines[start + at]) + before
            if nothing[at]:
                found.append(self._fault(line, row, NO_VALUE))
            elif np.isfinite(scores).all():
                path, label, key, weight = self.layout.files[0].path, labels[at], keys[at], weights[at]
                found.append(
                    number_prediction(path, row, scores, label, key, weight)
                    if model.task.of_numbers
                    else prediction(path, row, scores, model.class_names, label or "", key, model.answering, weight)
                )
            else:
                found.append(self._fault(line, row, no_value_of(values, at)))
        return found

    def _labels(self, table: pa.Table) -> list[Any]:
        if LABEL not in table.column_names:
            return [None] * table.num_rows
        named = booleans(self.model.class_names)
        return [named.get(label, label) for label in table[LABEL].to_pylist()]

    def _fault(self, line: int, row: int, reason: str) -> QuarantinedRow:
        return QuarantinedRow(place=self.layout.place(0, line), row=row, reason=reason)


def no_value_of(columns: Mapping[str, Values], at: int) -> str:
    """Returns why a model says nothing of a row: training knew no missing value of a column, to stand in for it."""
    absent = [printable(name) for name, values in columns.items() if is_missing(values)[at]]
    if not absent:
        return "the model's answer is no finite number"
    return f"there is no value of {', '.join(absent)}, which training never lacked"


def nothing_of(columns: Mapping[str, Values]) -> npt.NDArray[np.bool_]:
    """Returns which rows have no value at all, bool [rows]."""
    return np.asarray(np.all([is_missing(values) for values in columns.values()], axis=0), bool)


def is_missing(values: Values) -> npt.NDArray[np.bool_]:
    """Returns which values stand for none, bool [rows]."""
    return np.isnan(values) if values.dtype.kind == "f" else np.asarray(values == "", bool)


def _keys(table: pa.Table, names: Sequence[str]) -> list[dict[str, str]]:
    """Returns the key of each row: a text for each column of it, "" where there is none."""
    nothing = [""] * table.num_rows
    columns = [table[name].fill_null("").to_pylist() if name in table.column_names else nothing for name in names]
    return [dict(zip(names, key, strict=True)) for key in zip(*columns, strict=True)] or [{}] * table.num_rows


def values_of(column: pa.Array, kind: ColumnType) -> Values:
    """Returns a column of a table, dates of it as seconds since 1970-01-01 UTC, as a model takes it."""
    if kind == "date":
        column = pc.strftime(column.cast(pa.timestamp("s")), SECONDS)
    if kind in ("date", "string"):
        return np.asarray(column.fill_null("").to_numpy(zero_copy_only=False))
    numbers = np.asarray(column.to_numpy(zero_copy_only=False))
    return numbers.astype(np.float32) if kind == "float" else within_64_bits(numbers.astype(np.float64))


def within_64_bits(values: Values) -> Values:
    """Returns whole numbers of 64 bits as float64, of which the largest are rounded to less than 2^63."""
    return np.asarray(np.clip(values, -LARGEST_WHOLE, LARGEST_WHOLE))
