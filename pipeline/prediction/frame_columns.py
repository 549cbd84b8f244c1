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
from components.csv_example_gen.missing import dates_given, numbers_for_none, stand_for_none
from components.errors import TransferlineError
from components.wording import is_unicode, listed, printable
from pipeline.prediction.pushed_model import Values
from pipeline.prediction.rows import values_of, within_64_bits
from pipeline.prediction.spelling import FALSE, TRUE, texts_of, texts_of_numbers

NUMERIC = "biuf"
"""Of numbers and booleans, by the letter of their type."""

OTHERS = {np.float16: np.float32, np.longdouble: np.float64}
"""What is taken for numbers that Arrow can't compare, or doesn't have."""

FLOATS: Mapping[ColumnType, type[np.floating[Any]]] = {"float": np.float32, "int": np.float64}
BOOLEANS = {text: number for texts, number in ((TRUE, 1.0), (FALSE, 0.0)) for text in texts if text.isalpha()}


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
    if isinstance(column.dtype, pd.CategoricalDtype):
        return _of_categories(column, kind, data, trained)
    column = _of_arrow(column)
    match kind:
        case "float" | "int":
            return _numbers(column, kind, data)
        case "date":
            return _dates(column, data)
        case _:
            return values_of(_texts(column, data, trained), kind)


def _of_categories(column: pd.Series, kind: ColumnType, data: CsvData, trained: Collection[str]) -> Values:
    """Takes each category once, where it is first, so that an error has its place."""
    firsts = column.dropna().drop_duplicates()
    values = _values(firsts.astype(column.cat.categories.dtype), kind, data, trained)
    none = "" if kind in ("string", "date") else np.nan
    of_categories = np.full(len(column.cat.categories) + 1, none, values.dtype)  # the last for the code -1: no value
    of_categories[firsts.cat.codes] = values
    return of_categories[column.cat.codes]


def _of_arrow(column: pd.Series) -> pd.Series:
    """Returns a column of a type that Arrow takes too: dense, in this machine's byte order, of 32 or 64 bits."""
    if isinstance(column.dtype, pd.SparseDtype):
        return column.sparse.to_dense()
    if isinstance(column.dtype, pd.ArrowDtype) and pa.types.is_dictionary(column.dtype.pyarrow_dtype):
        return column.astype("string")
    if isinstance(column.dtype, np.dtype) and column.dtype.kind in NUMERIC:
        return column.astype(OTHERS.get(column.dtype.type, column.dtype.newbyteorder("=")), copy=False)
    return column


def _array(column: pd.Series) -> pa.Array:
    """Returns booleans or numbers as Arrow has them, null where there is none."""
    found = pa.array(column, from_pandas=True)
    return found.combine_chunks() if isinstance(found, pa.ChunkedArray) else found


def _texts(column: pd.Series, data: CsvData, trained: Collection[str] = ()) -> pa.Array:
    """Returns string [rows], null where there is no value."""
    if column.dtype.kind in NUMERIC:
        return texts_of_numbers(_array(column), data, trained)
    values = (column.astype("string") if column.dtype.kind == "M" else column).to_numpy(object, copy=True)
    values[column.isna().to_numpy()] = None
    try:
        return texts_of(values, data, trained)
    except UnicodeEncodeError:
        is_wrong = np.array([isinstance(value, str) and not is_unicode(value) for value in values])
        _check(column, is_wrong, "text", "Give texts that UTF-8 can have")
        raise


def _numbers(column: pd.Series, kind: ColumnType, data: CsvData) -> Values:
    """Returns float32 [rows], of whole numbers float64, NaN where there is no value."""
    if column.dtype.kind in NUMERIC:
        numbers, is_given = column, column.notna().to_numpy()
    else:
        texts = pd.Series(_texts(column, data).to_numpy(zero_copy_only=False), dtype=object)
        numbers, is_given = _read(texts, kind, data.decimal), texts.notna().to_numpy()
    with np.errstate(over="ignore"):
        values: Values = numbers.astype("Float64").to_numpy(FLOATS[kind], na_value=np.nan)
    if numbers_for_none(data) and numbers.dtype.kind != "b":
        is_none = np.asarray(stand_for_none(_array(numbers), data), bool)
        values, is_given = np.where(is_none, np.nan, values).astype(values.dtype), is_given & ~is_none
    is_wrong = (np.isnan(values) & is_given) | np.isinf(values)
    if kind == "int":
        _check(column, is_wrong | (np.floor(values) < values), "whole number", "Give whole numbers", data.decimal)
        _check(column, _are_beyond(numbers, values), "whole number of 64 bits", "Give smaller numbers", data.decimal)
        return within_64_bits(values)
    _check(column, is_wrong, "number of 32 bits", "Give numbers", data.decimal)
    return values


def _read(texts: pd.Series, kind: ColumnType, decimal: Decimal) -> pd.Series:
    """Returns the numbers in texts, missing where there is none; booleans are whole numbers, as in CSV."""
    plain = texts if decimal == POINT else texts.str.replace(decimal, POINT, regex=False)
    numbers = pd.to_numeric(plain, errors="coerce")
    is_other = (numbers.isna() & texts.notna()).to_numpy(bool)
    if kind == "int" and is_other.any():
        numbers = numbers.astype("Float64")
        numbers[is_other] = texts[is_other].str.strip().map(BOOLEANS).astype("Float64")
    return numbers


def _are_beyond(numbers: pd.Series, values: Values) -> npt.NDArray[np.bool_]:
    """Returns which whole numbers a model doesn't take; -2^63 would stand for no value there.

    Args:
        numbers: As precisely as they are given.
        values: The same as float64, as which 2^63 - 1 is 2^63.
    """
    if numbers.dtype.kind == "i":
        return (numbers == np.iinfo(np.int64).min).to_numpy(bool, na_value=False)
    return np.abs(values) >= 2.0**63


def _dates(column: pd.Series, data: CsvData) -> Values:
    name = str(column.name)
    if pd.api.types.is_datetime64_any_dtype(column):
        is_given = column.notna().to_numpy()
        seconds = pa.array(column.to_numpy("datetime64[s]")).cast(pa.int64())
    else:
        # Python's dates have years that pandas' timestamps lack, and are ISO 8601 as text.
        are_dates = all(isinstance(value, datetime.date) for value in column.dropna())
        texts = _texts(column, data)
        is_given = texts.is_valid().to_numpy(zero_copy_only=False)
        seconds = seconds_of(texts, ISO if are_dates else data.dates.get(name, ISO))
    is_wrong = seconds.is_null().to_numpy(zero_copy_only=False) & is_given
    _check(column, is_wrong, "date", "Give dates")
    return values_of(dates_given(name, seconds, data), "date")


def _check(column: pd.Series, is_wrong: npt.NDArray[np.bool_], what: str, cure: str, decimal: Decimal = COMMA) -> None:
    """Raises an error of the first wrong value; of one with a decimal comma that isn't the data's the cure says so."""
    wrong = np.flatnonzero(is_wrong)
    if len(wrong):
        value = _plain(column.iloc[wrong[0]])
        is_other = decimal == POINT and _has_decimal_comma(value)
        hint = '; if its comma stands before a fraction, set data.decimal to ","' if is_other else ""
        raise TransferlineError(
            f"The column {printable(str(column.name))!r} has {value!r}, which is no {what}.",
            place=f"index {_plain(column.index[wrong[0]])!r}",
            cure=f"{cure}, and NaN where there is no value{hint}.",
        )


def _has_decimal_comma(value: object) -> bool:
    is_text = isinstance(value, str) and COMMA in value
    return is_text and bool(pd.notna(pd.to_numeric(str(value).replace(COMMA, POINT), errors="coerce")))


def _plain(value: object) -> object:
    """Returns a number of numpy's as Python's own, whose text is the number alone."""
    return value.item() if isinstance(value, np.generic) else value
