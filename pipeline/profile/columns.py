"""Profiles the columns of a table: which can be features, and which had better not be."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias

import numpy as np
import numpy.typing as npt

from components.arrow import pa, pc
from components.column_roles import LEAST_ROWS, LEFT_OUT, Reason, is_named_like_key
from components.contract import CLASSIFICATION, Task
from components.csv_example_gen.config import COMMA, POINT, ColumnType, Decimal
from components.csv_example_gen.layout import THOUSANDS
from components.transform.config import Category, Feature
from pipeline.profile.features import feature_of, has_many_words
from pipeline.profile.target import Target, target_of

Role: TypeAlias = Literal["feature", "text", "date"] | Reason
"""feature: of numbers. text: of names, or of many words. date: of dates, which aren't learned from where they are read
as text. key: another value in each row. names: another text in nearly each row. counter: the number of the row, in all
or within a group of rows. group: named like a key, with values that come again, as a customer's number."""

COMMAS = "numbers with a decimal comma, which are read as text"
SEPARATED = "numbers with thousands separators, which are read as text"
DATES = "dates that aren't all written alike"
"""Why some columns of text had better not be learned from."""

WEIGHT_NAME = re.compile(
    r"^((sample|row|case|instance|record|survey|obs|observation|final)[\s_.-]?)?(weights?|wts?|wgts?)$|^fnlwgt$",
    re.IGNORECASE,
)

LOOKED_AT = 50_000

DATE = r"^(\d{4}-\d{1,2}-\d{1,2}|\d{4}/\d{1,2}/\d{1,2}|\d{1,2}[./-]\d{1,2}[./-](\d{4}|\d{2}))([ T]\d{1,2}:\d{2}.*)?$"
DECIMAL_COMMA = r"^[+-]?\d+,\d+$"
PLAIN: dict[Decimal, str] = {POINT: r"^[+-]?\d+(\.\d+)?$", COMMA: r"^[+-]?\d+(,\d+)?$"}
MOSTLY = 0.95
COUNTING = 0.95
"""Of the steps of a counter nearly all are 0 or 1: the others are where it begins anew."""

MOST_REPEATED = 4
"""Each value of a counter occurs this often at most, on average."""


@dataclass(frozen=True)
class Column:
    """A column other than the label.

    Attributes:
        name: Its name.
        role: What it is good for.
        distinct: Different values in the rows that were read.
        missing: Share of the rows that have no value.
        separates: How well its order alone tells two classes apart, or goes with the number to predict: 0 not at all,
            1 wholly; 0 for text and for more classes.
        decimal_comma: Whether it is text because its numbers are written 1,5.
        thousands: Whether it is text because its numbers are written 1,234, or 1.234 beside commas before fractions.
        feature: How it can be learned from; None where it had better not be.
        once: Of a category, the share of the values that occur once.
        positive: Whether it is of numbers that are all above 0.
    """

    name: str
    role: Role
    distinct: int
    missing: float
    separates: float = 0.0
    decimal_comma: bool = False
    thousands: bool = False
    feature: Feature | None = None
    once: float = 0.0
    positive: bool = False


def learned_from(columns: Iterable[Column]) -> tuple[str, ...]:
    """Returns the names of the columns that are learned from."""
    return tuple(column.name for column in columns if column.feature)


def may_be_weights(columns: Iterable[Column]) -> list[Column]:
    """Returns the columns that are named like the weight of each row, and could be it."""
    return [column for column in columns if column.feature and column.positive and WEIGHT_NAME.search(column.name)]


def left_out(columns: Iterable[Column]) -> dict[str, str]:
    """Returns why each column had better not be learned from that isn't."""
    return {column.name: _why(column) for column in columns if not column.feature}


def _why(column: Column) -> str:
    match column.role:
        case "date":
            return DATES
        case "feature" | "text":
            return SEPARATED if column.thousands else COMMAS
        case _:
            return LEFT_OUT[column.role]


def look_at_columns(
    table: pa.Table, types: Mapping[str, ColumnType], label: str, task: Task = CLASSIFICATION
) -> tuple[Column, ...]:
    """Returns what is in each column but the label, in their order.

    Args:
        table: Rows as records have them, with the label under `LABEL`.
        types: The type of each column.
        label: The label's column.
        task: Whether the label is a class or a number.
    """
    first = table.slice(0, LOOKED_AT)
    table = first if table.num_rows <= LOOKED_AT else table.take(_some(table.num_rows))
    target = target_of(table, task)
    columns = (
        _column(name, table[name].combine_chunks(), kind, target) for name, kind in types.items() if name != label
    )
    return tuple(
        replace(column, role="counter", feature=None)
        if column.role == "feature" and counts_rows(first[column.name])
        else column
        for column in columns
    )


def counts_rows(column: pa.ChunkedArray) -> bool:
    """Returns whether a column of numbers tells how many rows came before, in all or within a group of rows.

    It begins with 0 or 1, and goes up by one from row to row, or stays where rows go together; it may begin anew now
    and then. So does an hour of the day; but that begins anew so often that all of its values are soon known.

    Args:
        column: The first rows, in their order.
    """
    numbers = column.drop_null().to_numpy().astype(np.float64)
    if len(numbers) < LEAST_ROWS or numbers.min() not in (0, 1) or (numbers != np.round(numbers)).any():
        return False
    going_on = np.isin(np.diff(numbers), (0, 1)).mean()
    return bool(going_on >= COUNTING and len(np.unique(numbers)) * MOST_REPEATED >= len(numbers))


def _some(rows: int) -> npt.NDArray[np.int64]:
    return np.linspace(0, rows - 1, LOOKED_AT).astype(np.int64)


def _column(name: str, values: pa.Array, kind: ColumnType, target: Target) -> Column:
    given = values.drop_null()
    distinct = len(pc.unique(given))
    missing = values.null_count / max(len(values), 1)
    is_text = pa.types.is_string(values.type)
    separates = 0.0 if is_text else target.order_told_by(values)
    comma = is_text and _has_decimal_commas(given)
    thousands = is_text and not comma and _has_thousands_separators(given)
    is_number = comma or thousands
    role: Role = "text" if is_number and distinct > 1 else _role(name, given, kind, distinct)
    if role in ("feature", "text", "group") and target.is_copied_by(values, distinct, separates):
        role = "label's copy"
    feature = None
    if role in ("feature", "text", "date") and not is_number and (role != "date" or kind == "date"):
        feature = feature_of(values, kind, target)
        role = role if feature else "names"
    once = _once(given) if isinstance(feature, Category) else 0.0
    positive = kind in ("float", "int") and len(given) > 0 and pc.min(given).as_py() > 0
    return Column(name, role, distinct, missing, separates, comma, thousands, feature, once, positive)


def _once(given: pa.Array) -> float:
    return int(pc.sum(pc.equal(given.value_counts().field("counts"), 1)).as_py() or 0) / len(given)


def _role(name: str, given: pa.Array, kind: ColumnType, distinct: int) -> Role:
    """The role by the values that are there."""
    if not len(given):
        return "empty"
    if distinct == 1:
        return "constant"
    is_text = pa.types.is_string(given.type)
    if kind == "date" or (is_text and _share(given, DATE) >= MOSTLY):
        return "date"
    if is_text or _are_whole(given):
        if distinct == len(given) >= LEAST_ROWS and not (is_text and has_many_words(given)):
            return "key"
        if is_named_like_key(name):
            return "group"
    return "text" if is_text else "feature"


def _has_decimal_commas(given: pa.Array) -> bool:
    """Whether texts are of numbers with a comma before their fraction, which doesn't part thousands in all of them."""
    with_commas = _share(given, DECIMAL_COMMA)
    return with_commas >= MOSTLY and with_commas > _share(given, THOUSANDS[POINT])


def _has_thousands_separators(given: pa.Array) -> bool:
    """Whether texts are of numbers, some of which have thousands separators."""
    return any(
        _share(given, pattern) > 0 and _share(given, f"{pattern}|{PLAIN[decimal]}") >= MOSTLY
        for decimal, pattern in THOUSANDS.items()
    )


def _are_whole(numbers: pa.Array) -> bool:
    # Arrow rounds whole numbers as floats, which hold none beyond 2^53.
    return pa.types.is_integer(numbers.type) or bool(pc.all(pc.equal(pc.round(numbers), numbers)).as_py())


def _share(given: pa.Array, pattern: str) -> float:
    matched: int = pc.sum(pc.match_substring_regex(pc.utf8_trim_whitespace(given), pattern)).as_py() or 0
    return matched / max(len(given), 1)
