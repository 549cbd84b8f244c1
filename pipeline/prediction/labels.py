"""Reads labels as the model's classes are named, which its training may have read from another kind of file."""

import math
import re
from collections.abc import Sequence

from components.arrow import pa
from components.csv_example_gen.config import ColumnType
from components.csv_example_gen.layout import TEXT
from pipeline.prediction.spelling import FALSE, TRUE

WHOLE = re.compile(r"0|-?[1-9]\d*")


def type_of(seen: ColumnType, class_names: Sequence[str]) -> ColumnType:
    """Returns the type as which labels in CSV are read.

    Args:
        seen: The type that they seem to have.
        class_names: The model's classes: 01 isn't 1, and no column of numbers gives a class this name.
    """
    return seen if booleans(class_names) or all(map(_is_of_number, class_names)) else TEXT


def booleans(class_names: Sequence[str]) -> dict[str, str]:
    """Returns the class by each way to write a boolean, where the two classes are those of one; else nothing."""
    named = {text: name for name in class_names for texts in (FALSE, TRUE) if name in texts for text in texts}
    return named if len(class_names) == 2 and len(named) == len(FALSE + TRUE) else {}


def _is_of_number(name: str) -> bool:
    """Returns whether a column of numbers gives a class this name, as CsvExampleGen writes it."""
    if WHOLE.fullmatch(name):
        return True
    try:
        number = pa.scalar(name).cast(pa.float32())
    except pa.ArrowInvalid:
        return False
    is_fraction = math.isfinite(number.as_py()) and not number.as_py().is_integer()
    return is_fraction and number.cast(pa.string()).as_py() == name
