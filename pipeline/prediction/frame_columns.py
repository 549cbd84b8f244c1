"""Takes the columns of a data frame as a model takes them."""

import datetime
from collections.abc import Collection, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from components.arrow import pa
from components.csv_example_gen.config import COMMA, POINT, ColumnType, CsvData, Decimal
from components.csv_example_gen.date_formats import ISO
from components.csv_example_gen.dates import seconds_of
from components.csv_example_gen.missing import stand_for_none
from components.errors import TransferlineError
from components.wording import is_unicode, listed, printable
from pipeline.prediction.pushed_model import Values
from pipeline.prediction.rows import values_of
from pipeline.prediction.spelling import text_of


def columns_of(
    frame: pd.DataFrame, types: Mapping[str, ColumnType], data: CsvData, trained: Mapping[str, Collection[str]]
) -> dict[str, Values]:
    """Returns the columns as a model takes them; numbers and dates in text are as the pipeline's data has them.

    Args:
        frame: The rows.
        types: The model's columns, and their types.
        data: The pipeline's settings.
        trained: The texts that training had in a column, where they are known.

    Raises:
        TransferlineError: A column is missing or there twice, or has what is none of its type.
    """
    for fault, names in {
        "lacks the columns": [name for name in types if name not in frame.columns],
        "has more than one column": [name for name in types if list(frame.columns).count(name) > 1],
    }.items():
        if names:
            raise TransferlineError(
                f"The data frame {fault} {listed(names)}.", cure=f"Give it the columns {listed(types, len(types))}."
            )
    return {name: _values(frame[name], kind, data, trained.get(name, ())) for name, kind in types.items()}


def _values(column: pd.Series, kind: ColumnType, data: CsvData, trained: Collection[str]) -> Values:
    match kind:
        case "float":
            return _numbers(_given(column, data), np.float32, data.decimal)
        case "int":
            return _numbers(_given(column, data), np.float64, data.decimal)
        case "date":
            return _dates(_given(column, data), data.dates.get(str(column.name), ISO))
        case _:
            return _texts(_given(column, data), trained)


def _given(column: pd.Series, data: CsvData) -> pd.Series:
    """Returns a column without the texts and numbers that stand for no value, as files have them."""
    match column.dtype.kind:
        case "b" | "M":
            return column
        case "i" | "u" | "f":
            numbers = column.astype(np.float32) if column.dtype == np.float16 else column  # Arrow casts none of 16 bits
            is_none = np.asarray(stand_for_none(pa.array(numbers, from_pandas=True), data), bool)
            if not is_none.any():
                return column
            # As a type that can lack a value: with NaN among them, whole numbers would become fractions.
            return (column if column.dtype.kind == "f" else column.convert_dtypes()).mask(is_none)
        case _:
            return column.mask(column.astype("string").str.strip().isin(data.missing))


def _texts(column: pd.Series, trained: Collection[str] = ()) -> Values:
    texts = np.array(column.astype("string").fillna("").to_numpy(object))
    if pd.api.types.infer_dtype(column, skipna=True) not in ("string", "empty"):
        for at, value in enumerate(np.asarray(column)):
            if texts[at] and isinstance(value, (bool, np.bool_, float, np.floating)):
                texts[at] = text_of(value, trained)
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
    seconds = _seconds(column, written)
    is_wrong = seconds.is_null().to_numpy(zero_copy_only=False) & column.notna().to_numpy()
    _check(column, is_wrong, "date", "Give dates")
    return values_of(seconds, "date")


def _seconds(column: pd.Series, written: str) -> pa.Array:
    """Returns int64 [rows]: seconds since 1970-01-01 UTC, null where there is no date."""
    if pd.api.types.is_datetime64_any_dtype(column):
        return pa.array(column.to_numpy("datetime64[s]")).cast(pa.int64())
    # Python's dates have years that pandas' timestamps lack, and are ISO 8601 as text.
    are_dates = all(isinstance(value, datetime.date) for value in column.dropna())
    return seconds_of(pa.array(_texts(column), pa.string()), ISO if are_dates else written)


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


def _plain(value: object) -> object:
    """Returns a number of numpy's as Python's own, whose text is the number alone."""
    return value.item() if isinstance(value, np.generic) else value
