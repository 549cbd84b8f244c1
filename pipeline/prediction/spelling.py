"""Writes booleans and numbers that pandas or JSON have in a column of text as training had them."""

from collections.abc import Collection, Iterator
from contextlib import suppress
from decimal import Decimal

import numpy as np
import numpy.typing as npt
import pandas as pd

from components.arrow import pa, pc
from components.csv_example_gen.config import CsvData
from components.csv_example_gen.missing import numbers_given
from components.csv_example_gen.reader import texts_given
from components.csv_example_gen.rows import as_text

TRUE, FALSE = ("True", "true", "TRUE", "1"), ("False", "false", "FALSE", "0")
"""How files write a boolean."""

OF_ARROW = (bool, np.bool_, int, np.integer, float, np.floating)


def texts_of(values: npt.NDArray[np.object_], data: CsvData, trained: Collection[str] = ()) -> pa.Array:
    """Returns values as text: as training wrote them, as far as that is known.

    Args:
        values: Booleans, numbers, texts and others [rows]; None where there is no value.
        data: The settings, which say what stands for a missing value.
        trained: The texts that training had in the column; none where the model doesn't say.

    Returns:
        String [rows], null where there is no value.

    Raises:
        UnicodeEncodeError: UTF-8 can't have a text.
    """
    kinds = {*map(type, values)}
    if kinds <= {str, type(None)}:
        return texts_given(pa.array(values, pa.string()), data)
    numbers = {kind: number for number, kind in enumerate(kinds)}
    of_each = np.fromiter(map(numbers.__getitem__, map(type, values)), np.int64, len(values))
    texts = np.full(len(values), None, object)
    for kind in kinds - {type(None)}:
        are_so = of_each == numbers[kind]
        texts[are_so] = _texts_of_kind(values[are_so], kind, data, trained).to_numpy(zero_copy_only=False)
    return pa.array(texts, pa.string())


def texts_of_numbers(values: pa.Array, data: CsvData, trained: Collection[str] = ()) -> pa.Array:
    """Returns booleans or numbers [rows] as text, as `texts_of` does it."""
    given = values if pa.types.is_boolean(values.type) else numbers_given(values, data)
    spellings = _spellings(given)
    texts = next(spellings)
    if not trained:
        return texts
    trained_texts = pa.array([*trained], pa.string())
    for others in spellings:
        is_unknown = pc.and_(given.is_valid(), pc.invert(pc.is_in(texts, value_set=trained_texts)))
        if not pc.any(is_unknown).as_py():
            break
        texts = pc.if_else(pc.and_(is_unknown, pc.is_in(others, value_set=trained_texts)), others, texts)
    return texts


def _texts_of_kind(
    values: npt.NDArray[np.object_], kind: type[object], data: CsvData, trained: Collection[str]
) -> pa.Array:
    if issubclass(kind, OF_ARROW):
        with suppress(OverflowError):  # a whole number of more than 64 bits
            return texts_of_numbers(pa.array(values, from_pandas=True), data, trained)
    texts = texts_given(pa.array(pd.Series(values, dtype=object).astype("string").to_numpy(object)), data)
    if issubclass(kind, Decimal):
        is_given = numbers_given(pa.array(values.astype(np.float64)), data).is_valid()
        return pc.if_else(is_given, texts, pa.scalar(None, pa.string()))
    return texts


def _spellings(values: pa.Array) -> Iterator[pa.Array]:
    """Yields the ways in which training may have written booleans or numbers, the likeliest first."""
    if pa.types.is_boolean(values.type):
        for true, false in zip(TRUE, FALSE, strict=True):
            yield pc.if_else(values, true, false)
    elif pa.types.is_floating(values.type):
        short = values.cast(pa.float32(), safe=False)  # as records have them
        yield as_text(values)  # a column of whole numbers with holes is of floats
        yield values.cast(pa.string())
        yield as_text(short)
        yield short.cast(pa.string())
        yield pa.array(values.to_numpy(zero_copy_only=False).astype(str), pa.string())
    else:
        yield values.cast(pa.string())
