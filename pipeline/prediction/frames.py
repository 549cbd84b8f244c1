"""Predicts data frames, and returns predictions as data frames."""

import functools
import os
from collections.abc import Sequence
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd

from components.csv_example_gen.config import CsvData
from components.errors import TransferlineError
from components.image_example_gen.config import ImageData
from components.wording import listed, printable
from pipeline.prediction.output import id_columns, score_columns
from pipeline.prediction.predict import predictions
from pipeline.prediction.pushed_model import PushedModel
from pipeline.prediction.results import Prediction, Scores
from pipeline.prediction.rows import BATCH, NO_VALUE, no_value_of

Data: TypeAlias = pd.DataFrame | str | os.PathLike[str] | Sequence[str | os.PathLike[str]]


def predict(data: ImageData | CsvData, given: Data, folder: str) -> pd.DataFrame:
    """Returns what a pushed model says: label, probability, a column a class, and why where it says nothing.

    Args:
        data: The pipeline's settings.
        given: Rows; or photos or files of rows, or folders of them.
        folder: The model's.

    Raises:
        TransferlineError: The data frame isn't one for the model.
    """
    model = _loaded(folder)
    if not isinstance(given, pd.DataFrame):
        paths = [given] if isinstance(given, (str, os.PathLike)) else given
        return _of_files(data, [os.path.expanduser(os.fspath(path)) for path in paths], model)
    if not isinstance(data, CsvData):
        raise TransferlineError("The model takes photos, and a data frame holds rows.", cure="Give the photos' paths.")
    return _of_rows(given, model)


@functools.lru_cache(maxsize=1)
def _loaded(folder: str) -> PushedModel:
    """Loads a model once: a pushed version never changes."""
    return PushedModel(folder)


def _of_rows(frame: pd.DataFrame, model: PushedModel) -> pd.DataFrame:
    matrix = _matrix(frame, model.columns())
    parts = [model.of_rows(matrix[start : start + BATCH]) for start in range(0, len(matrix), BATCH)]
    scores = np.concatenate([np.zeros([0, len(model.class_names)], np.float32), *parts])
    faults = [""] * len(matrix)
    nothing = np.isnan(matrix).all(axis=1)
    for at in np.flatnonzero(nothing | ~np.isfinite(scores).all(axis=1)):
        faults[at] = NO_VALUE if nothing[at] else no_value_of(model.columns(), matrix[at])
        scores[at] = np.nan
    return _table(scores, faults, model).set_axis(frame.index)


def _matrix(frame: pd.DataFrame, columns: Sequence[str]) -> npt.NDArray[np.float32]:
    """Returns float32 [rows, columns], NaN for a missing value."""
    for fault, names in {
        "lacks the columns": [name for name in columns if name not in frame.columns],
        "has more than one column": [name for name in columns if list(frame.columns).count(name) > 1],
    }.items():
        if names:
            raise TransferlineError(
                f"The data frame {fault} {listed(names)}.", cure=f"Give it the columns {listed(columns, len(columns))}."
            )
    return np.column_stack([_numbers(frame[name]) for name in columns]).astype(np.float32, copy=False)


def _numbers(column: pd.Series) -> npt.NDArray[np.float32]:
    is_number = pd.api.types.is_bool_dtype(column) or pd.api.types.is_numeric_dtype(column)
    numbers = column if is_number else pd.to_numeric(column.astype("string"), errors="coerce")
    with np.errstate(over="ignore"):
        values: npt.NDArray[np.float32] = numbers.astype("Float64").to_numpy(np.float32, na_value=np.nan)
    wrong = np.flatnonzero((np.isnan(values) & column.notna().to_numpy()) | np.isinf(values))
    if len(wrong):
        value = _plain(column.iloc[wrong[0]])
        raise TransferlineError(
            f"The column {printable(str(column.name))!r} has {value!r}, which is no number of 32 bits.",
            place=f"index {column.index[wrong[0]]!r}",
            cure="Give numbers, and NaN where there is no value.",
        )
    return values


def _of_files(data: ImageData | CsvData, files: Sequence[str], model: PushedModel) -> pd.DataFrame:
    found = [each for batch in predictions(data, files, model) for each in batch]
    done = [each if isinstance(each, Prediction) else None for each in found]
    nothing = dict.fromkeys(model.class_names, np.nan)
    scores = [list((each.scores if each else nothing).values()) for each in done]
    faults = ["" if isinstance(each, Prediction) else each.reason for each in found]
    files = [printable(each.file if isinstance(each, Prediction) else each.place) for each in found]
    table = _table(np.array(scores, np.float32).reshape(-1, len(nothing)), faults, model)
    table.insert(0, "file", files)
    if isinstance(data, CsvData):
        table.insert(1, "row", pd.array([each.row if each else None for each in done], "Int64"))
        for at, column in enumerate(id_columns(data.id, model.class_names)):
            table.insert(2 + at, column, [each.key[data.id[at]] if each else None for each in done])
    return table


def _table(scores: Scores, faults: Sequence[str], model: PushedModel) -> pd.DataFrame:
    known = ~np.isnan(scores).any(axis=1)
    labels = np.full(len(scores), None, object)
    labels[known] = np.array(model.class_names, object)[scores[known].argmax(axis=1)]
    columns = dict(zip(score_columns(model.class_names), scores.T, strict=True))
    return pd.DataFrame({"label": labels, "probability": scores.max(axis=1), **columns, "fault": faults})


def _plain(value: object) -> object:
    """Returns a number of numpy's as Python's own, whose text is the number alone."""
    return value.item() if isinstance(value, np.generic) else value
