"""Rows through a model, read as CsvExampleGen does it, but for the label, which needn't be there."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from components.arrow import pa
from components.contract import LABEL
from components.csv_example_gen.blocks import Range, ranges_of, read_blocks
from components.csv_example_gen.config import ColumnType, CsvData
from components.csv_example_gen.files import DataFile, Kind, list_files
from components.csv_example_gen.layout import FileLayout, look_at
from components.csv_example_gen.parquet import read_rows
from components.csv_example_gen.parse import Rows, parse
from components.csv_example_gen.rows import records_of
from components.errors import TransferlineError
from components.ingest.report import Quarantined
from components.wording import shown
from pipeline.prediction.pushed_model import PushedModel
from pipeline.prediction.results import Prediction, prediction

BATCH = 8192


def predict_rows(
    paths: Sequence[str], data: CsvData, model: PushedModel, *, labelled: bool = False
) -> Iterator[list[Prediction | Quarantined]]:
    """Yields what the model says of each row, batch by batch; what can't be read comes with its reason.

    Args:
        paths: Files of rows, and folders of them.
        data: The pipeline's settings: how the files are written.
        model: The model.
        labelled: Whether the label is read too, as CsvExampleGen does it.
    """
    columns = model.columns()
    for path in paths:
        try:
            for file in list_files(path):
                layout, seen = layout_of(file, data, (*columns, data.label) if labelled else columns)
                types: dict[str, ColumnType] = dict.fromkeys(columns, "float")
                if labelled:
                    types[data.label] = data.types.get(data.label, seen[data.label])
                yield from _predict_file(layout, columns, types, data, model)
        except TransferlineError as error:
            yield [Quarantined(place=error.place or path, reason=error.cause)]


def layout_of(file: DataFile, data: CsvData, needed: Sequence[str]) -> tuple[FileLayout, dict[str, ColumnType]]:
    """Returns how a file is read, and the types that its columns seem to have.

    Without a header its columns are those of `data.columns`, all of them or all but the label.

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
        raise TransferlineError(layout.empty, place=file.path)
    if data.columns and not layout.header_lines and file.kind is not Kind.PARQUET:
        without_label = tuple(name for name in data.columns if name != data.label)
        named = next((names for names in (data.columns, without_label) if len(names) == len(layout.columns)), None)
        if named is None:
            raise TransferlineError(
                f"the first line has {len(layout.columns)} cells; {len(data.columns)} are expected, or "
                f"{len(without_label)} without the label",
                place=file.path,
            )
        layout = replace(layout, columns=named)
        types = dict(zip(named, types.values(), strict=True))
    lacking = [name for name in needed if name not in layout.columns]
    if lacking:
        raise TransferlineError(f"the file lacks the columns {', '.join(map(shown, lacking))}", place=file.path)
    return layout, types


def _predict_file(
    file: FileLayout, columns: Sequence[str], types: dict[str, ColumnType], data: CsvData, model: PushedModel
) -> Iterator[list[Prediction | Quarantined]]:
    before = 0
    for part in ranges_of(0, file, whole=data.newlines_in_values):
        in_part = 0
        for rows in _read(part, file, types, data):
            chosen = records_of(rows, types, data)
            yield [_unreadable(file, fault.line + before, fault.reason) for fault in chosen.faults]
            for start in range(0, chosen.table.num_rows, BATCH):
                yield _predicted(file, columns, chosen, start, before, model)
            in_part += rows.count
        before += in_part


def _read(part: Range, file: FileLayout, types: dict[str, ColumnType], data: CsvData) -> Iterator[Rows]:
    if file.kind is Kind.PARQUET:
        yield from read_rows(part, file, types)
        return
    all_types: dict[str, ColumnType] = {name: types.get(name, "string") for name in file.columns}
    for block in read_blocks(part, file, newlines_in_values=data.newlines_in_values):
        rows = parse(block, file.columns, all_types, data)
        yield replace(rows, table=rows.table.select(list(types)))


def _predicted(
    file: FileLayout, columns: Sequence[str], rows: Rows, start: int, before: int, model: PushedModel
) -> list[Prediction | Quarantined]:
    labelled = rows.table.slice(start, BATCH)
    batch = labelled.select(list(columns))
    labels = labelled[LABEL].to_pylist() if LABEL in labelled.column_names else [""] * batch.num_rows
    matrix = _matrix(batch)
    found: list[Prediction | Quarantined] = []
    for at, scores in enumerate(model.of_rows(matrix)):
        if np.isfinite(scores).all():
            row = int(rows.row_numbers[start + at]) + before + 1
            found.append(prediction(file.path, row, scores, model.class_names, labels[at]))
        else:
            line = int(rows.lines[start + at]) + before
            found.append(_unreadable(file, line, no_value_of(columns, matrix[at])))
    return found


def no_value_of(columns: Sequence[str], row: npt.NDArray[np.float32]) -> str:
    """Returns why a model says nothing of a row: training knew no missing value of a column, to stand in for it."""
    absent = [shown(name) for name, value in zip(columns, row, strict=True) if np.isnan(value)]
    return f"there is no value of {', '.join(absent)}, which training never lacked"


def _matrix(table: pa.Table) -> npt.NDArray[np.float32]:
    """Returns float32 [rows, columns], NaN for a missing value."""
    columns = [table[name].combine_chunks().to_numpy(zero_copy_only=False) for name in table.column_names]
    return np.column_stack(columns).astype(np.float32, copy=False)


def _unreadable(file: FileLayout, line: int, reason: str) -> Quarantined:
    unit = "row" if file.kind is Kind.PARQUET else "line"
    return Quarantined(place=f"{file.path}, {unit} {line + 1 + file.header_lines}", reason=reason)
