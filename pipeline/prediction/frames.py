"""Predicts data frames, and returns predictions as data frames."""

import functools
import os
from collections.abc import Sequence
from typing import TypeAlias

import numpy as np
import pandas as pd

from components.csv_example_gen.config import CsvData
from components.errors import TransferlineError
from components.image_example_gen.config import ImageData
from components.ingest.report import Quarantined
from components.wording import printable
from pipeline.prediction.frame_columns import columns_of
from pipeline.prediction.output import NUMBER, id_columns, score_columns
from pipeline.prediction.predict import predictions
from pipeline.prediction.pushed_model import PushedModel
from pipeline.prediction.results import Prediction, QuarantinedRow, Scores
from pipeline.prediction.rows import BATCH, NO_VALUE, no_value_of, nothing_of

Data: TypeAlias = pd.DataFrame | str | os.PathLike[str] | Sequence[str | os.PathLike[str]]


def predict(data: ImageData | CsvData, given: Data, model: PushedModel) -> pd.DataFrame:
    """Returns what a pushed model says: label, probability, a column a class, and why where it says nothing.

    Of a model of numbers: the prediction, and why there is none.

    Args:
        data: The pipeline's settings.
        given: Rows; or photos or files of rows, or folders of them.
        model: The model.

    Raises:
        TransferlineError: The data frame isn't one for the model.
    """
    if not isinstance(given, pd.DataFrame):
        paths = [given] if isinstance(given, (str, os.PathLike)) else given
        return _of_files(data, [os.path.expanduser(os.fspath(path)) for path in paths], model)
    if not isinstance(data, CsvData):
        raise TransferlineError("The model takes photos, and a data frame holds rows.", cure="Give the photos' paths.")
    return _of_rows(given, model, data)


@functools.lru_cache(maxsize=1)
def load_once(folder: str) -> PushedModel:
    """Loads a model, if it isn't the last one that was: a pushed version never changes."""
    return PushedModel(folder)


def _of_rows(frame: pd.DataFrame, model: PushedModel, data: CsvData) -> pd.DataFrame:
    columns = columns_of(frame, model.columns(), data, model.trained_texts())
    starts = range(0, len(frame), BATCH)
    parts = [model.of_rows({name: each[at : at + BATCH] for name, each in columns.items()}) for at in starts]
    scores = np.concatenate([np.zeros([0, len(model.class_names) or 1], np.float32), *parts])
    faults = [""] * len(frame)
    nothing = nothing_of(columns)
    for at in np.flatnonzero(nothing | ~np.isfinite(scores).all(axis=1)):
        faults[at] = NO_VALUE if nothing[at] else no_value_of(columns, at)
        scores[at] = np.nan
    return _table(scores, faults, model).set_axis(frame.index)


def _of_files(data: ImageData | CsvData, files: Sequence[str], model: PushedModel) -> pd.DataFrame:
    found = [each for batch in predictions(data, files, model) for each in batch]
    done = [each if isinstance(each, Prediction) else None for each in found]
    nothing = [np.nan] * (len(model.class_names) or 1)
    scores = [_scores(each) if each else nothing for each in done]
    faults = ["" if isinstance(each, Prediction) else each.reason for each in found]
    files = [printable(each.file if isinstance(each, Prediction) else each.place) for each in found]
    table = _table(np.array(scores, np.float32).reshape(-1, len(nothing)), faults, model)
    table.insert(0, "file", files)
    if isinstance(data, CsvData):
        table.insert(1, "row", pd.array([_row_of(each) for each in found], "Int64"))
        for at, column in enumerate(id_columns(data.id, model.class_names)):
            table.insert(2 + at, column, [each.key[data.id[at]] if each else None for each in done])
    return table


def _row_of(each: Prediction | Quarantined) -> int | None:
    """Returns a row's number; None for a file that can't be read."""
    return each.row if isinstance(each, (Prediction, QuarantinedRow)) else None


def _scores(each: Prediction) -> list[float]:
    return list(each.scores.values()) if each.value is None else [each.value]


def _table(scores: Scores, faults: Sequence[str], model: PushedModel) -> pd.DataFrame:
    if model.task.of_numbers:
        return pd.DataFrame({NUMBER: scores[:, 0], "fault": faults})
    known = ~np.isnan(scores).any(axis=1)
    labels, probabilities = np.full(len(scores), None, object), np.full(len(scores), np.nan, np.float32)
    answered = model.answering.answered(scores[known])
    labels[known] = np.array(model.class_names, object)[answered]
    probabilities[known] = np.take_along_axis(scores[known], answered[:, np.newaxis], axis=1)[:, 0]
    columns = dict(zip(score_columns(model.class_names), scores.T, strict=True))
    return pd.DataFrame({"label": labels, "probability": probabilities, **columns, "fault": faults})
