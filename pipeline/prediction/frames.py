"""Predicts data frames, and returns predictions as data frames."""

import functools
import os
from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd

from components.arrow import pa
from components.csv_example_gen.config import COMMA, POINT, ColumnType, CsvData, Decimal
from components.csv_example_gen.date_formats import ISO
from components.csv_example_gen.dates import seconds_of
from components.errors import TransferlineError
from components.image_example_gen.config import ImageData
from components.wording import is_unicode, listed, printable
from pipeline.prediction.output import NUMBER, id_columns, score_columns
from pipeline.prediction.predict import predictions
from pipeline.prediction.pushed_model import PushedModel, Values
from pipeline.prediction.results import Prediction, Scores
from pipeline.prediction.rows import BATCH, NO_VALUE, SECONDS, no_value_of, nothing_of

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
    columns = _columns(frame, model.columns(), data)
    starts = range(0, len(frame), BATCH)
    parts = [model.of_rows({name: each[at : at + BATCH] for name, each in columns.items()}) for at in starts]
    scores = np.concatenate([np.zeros([0, len(model.class_names) or 1], np.float32), *parts])
    faults = [""] * len(frame)
    nothing = nothing_of(columns)
    for at in np.flatnonzero(nothing | ~np.isfinite(scores).all(axis=1)):
        faults[at] = NO_VALUE if nothing[at] else no_value_of(columns, at)
        scores[at] = np.nan
    return _table(scores, faults, model).set_axis(frame.index)


def _columns(frame: pd.DataFrame, types: Mapping[str, ColumnType], data: CsvData) -> dict[str, Values]:
    """Returns the columns as a model takes them; numbers and dates in text are as the pipeline's data has them."""
    for fault, names in {
        "lacks the columns": [name for name in types if name not in frame.columns],
        "has more than one column": [name for name in types if list(frame.columns).count(name) > 1],
    }.items():
        if names:
            raise TransferlineError(
                f"The data frame {fault} {listed(names)}.", cure=f"Give it the columns {listed(types, len(types))}."
            )
    return {name: _values(frame[name], kind, data.dates.get(name, ISO), data.decimal) for name, kind in types.items()}


def _values(column: pd.Series, kind: ColumnType, written: str, decimal: Decimal) -> Values:
    match kind:
        case "float":
            return _numbers(column, np.float32, decimal)
        case "int":
            return _numbers(column, np.float64, decimal)
        case "date":
            return _dates(column, written)
        case _:
            return _texts(column)


def _texts(column: pd.Series) -> Values:
    texts = np.asarray(column.astype("string").fillna("").to_numpy(object))
    if not is_unicode("".join(texts)):
        _check(column, np.array([not is_unicode(text) for text in texts]), "text", "Give texts that UTF-8 can have")
    return texts


def _numbers(column: pd.Series, kind: type[np.floating[Any]], decimal: Decimal) -> Values:
    is_number = pd.api.types.is_bool_dtype(column) or pd.api.types.is_numeric_dtype(column)
    numbers = column if is_number else pd.to_numeric(_with_point(column, decimal), errors="coerce")
    with np.errstate(over="ignore"):
        values: Values = numbers.astype("Float64").to_numpy(kind, na_value=np.nan)
    is_wrong = (np.isnan(values) & column.notna().to_numpy()) | np.isinf(values)
    if kind is np.float64:
        _check(column, is_wrong | (np.floor(values) < values), "whole number", "Give whole numbers", decimal)
    _check(column, is_wrong, "number of 32 bits", "Give numbers", decimal)
    return values


def _with_point(column: pd.Series, decimal: Decimal) -> pd.Series:
    """Returns numbers as text, with a point before their fraction."""
    texts = column.astype("string")
    return texts if decimal == POINT else texts.str.replace(decimal, POINT, regex=False)


def _dates(column: pd.Series, written: str) -> Values:
    if any(isinstance(value, str) for value in column):
        texts = pa.array(column.astype("string"), pa.string(), from_pandas=True)
        dates = pd.to_datetime(seconds_of(texts, written).to_pandas(), unit="s").set_axis(column.index)
    else:
        dates = pd.to_datetime(column, errors="coerce", utc=True)
    _check(column, (dates.isna() & column.notna()).to_numpy(), "date", "Give dates")
    return np.asarray(dates.dt.strftime(SECONDS).astype("string").fillna("").to_numpy(object))


def _check(column: pd.Series, is_wrong: npt.NDArray[np.bool_], what: str, cure: str, decimal: Decimal = COMMA) -> None:
    """Raises an error of the first wrong value; of one with a decimal comma that isn't the data's the cure says so."""
    wrong = np.flatnonzero(is_wrong)
    if len(wrong):
        value = _plain(column.iloc[wrong[0]])
        is_other = decimal == POINT and _has_decimal_comma(value)
        hint = '; if its comma stands before a fraction, set data.decimal to ","' if is_other else ""
        raise TransferlineError(
            f"The column {printable(str(column.name))!r} has {value!r}, which is no {what}.",
            place=f"index {column.index[wrong[0]]!r}",
            cure=f"{cure}, and NaN where there is no value{hint}.",
        )


def _has_decimal_comma(value: object) -> bool:
    is_text = isinstance(value, str) and COMMA in value
    return is_text and bool(pd.notna(pd.to_numeric(str(value).replace(COMMA, POINT), errors="coerce")))


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
        table.insert(1, "row", pd.array([each.row if each else None for each in done], "Int64"))
        for at, column in enumerate(id_columns(data.id, model.class_names)):
            table.insert(2 + at, column, [each.key[data.id[at]] if each else None for each in done])
    return table


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


def _plain(value: object) -> object:
    """Returns a number of numpy's as Python's own, whose text is the number alone."""
    return value.item() if isinstance(value, np.generic) else value
