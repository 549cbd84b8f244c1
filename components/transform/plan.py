"""Plans the vector of a row from the settings and from what CsvExampleGen counted in the training split."""

from collections.abc import Iterable, Iterator, Mapping
from typing import TypeAlias, get_args

import numpy as np

from components.csv_example_gen.column_counts import ColumnCounts
from components.errors import TransferlineError
from components.transform.config import Boolean, Category, Date, Feature, Number, RowTransform, Scale, Text
from components.transform.vector import Kind, Part, RawColumn, VectorLayout, layout_of_numbers, no_number, placed
from components.wording import listed, nearest, printable

Counts: TypeAlias = Mapping[str, ColumnCounts]

ONE_HOT, LARGEST_EMBEDDING = 10, 32
LISTED = 40
MOST_EXACT = 2**24
"""Up to here a float32 has each whole number."""

CODED_DATES = {"month": range(1, 13), "weekday": range(7), "hour": range(24)}
"""Parts of a date that the network sees one-hot: December is beside January, and a number wouldn't tell."""

DATE_UNITS = {"year": "Y", "days": "D"}
"""The others, and numpy's name of what they count."""

TYPES: Mapping[Kind, tuple[str, ...]] = {
    "number": ("float", "int"),
    "category": ("float", "int", "string"),
    "boolean": ("float", "int", "string"),
    "date": ("date",),
    "text": ("string",),
}
"""The types of column that a kind of feature is made of."""

TYPE_NAMES = {"float": "of numbers", "int": "of whole numbers", "string": "text", "date": "of dates"}
CURES = {
    "float": "Make it a Number or a Category.",
    "int": "Make it a Number or a Category.",
    "string": "Make it a Category, or a Text if it is of many words; for dates, data.dates says how they are written.",
    "date": "Make it a Date.",
}


def planned(settings: RowTransform, counts: Counts, label: str) -> VectorLayout:
    """Returns the layout of the vector.

    Args:
        settings: The user's.
        counts: What is in each feature of the training split.
        label: The label's feature.

    Raises:
        TransferlineError: A column isn't there, or can't become what it should.
    """
    columns = {name: column for name, column in counts.items() if name != label}
    layout = _layout(settings, columns)
    shares = {name: columns[name].missing / max(columns[name].rows, 1) for name in layout.columns}
    return layout.model_copy(update={"missing": shares})


def _layout(settings: RowTransform, columns: Counts) -> VectorLayout:
    if not isinstance(settings.features, dict):
        return layout_of_numbers({name: column.type for name, column in columns.items()}, settings)
    if not settings.features:
        raise no_number("", ())
    # TFX sorts the keys of a mapping.
    features = dict(sorted(settings.features.items()))
    for name, feature in features.items():
        _check(name, feature, columns)
    parts = [part for name, feature in features.items() for part in _parts(feature, columns[name])]
    return VectorLayout(
        columns={name: columns[name].type for name in features},
        parts=placed(sorted(parts, key=_place)),
        raw=tuple(raw for part in parts for raw in _raw(part, columns[part.column])),
    )


def _place(part: Part) -> tuple[bool, bool, int, bool]:
    """Numbers before codes; of numbers those that are scaled in the same way together, flags and words last."""
    is_value = part.kind == "number" and part.what == "value"
    return part.coded, not is_value, get_args(Scale).index(part.scale), part.what in ("missing", "words")


def _check(name: str, feature: Feature, columns: Counts) -> None:
    if name not in columns:
        raise TransferlineError(
            f"There is no column '{printable(name)}'{nearest(name, columns)}.",
            place="transform.features",
            cure=f"Use one of {listed(list(columns), LISTED)}.",
        )
    column = columns[name]
    for fault, cure in _faults(feature, column):
        raise TransferlineError(
            f"The column '{printable(name)}' {fault}.", place=f"transform.features.{name}", cure=cure
        )


def _faults(feature: Feature, column: ColumnCounts) -> Iterator[tuple[str, str]]:
    """Yields why a column can't become a feature of a kind, and what to do instead."""
    if column.type not in TYPES[feature.kind]:
        yield f"is {TYPE_NAMES[column.type]}, and can't be of the kind {feature.kind}", CURES[column.type]
    elif column.missing == column.rows:
        yield "has no value in the training split", "Leave it out of transform.features."
    elif isinstance(feature, Boolean) and (column.distinct > 2 or column.more_distinct):
        yield f"has {column.distinct:,} values in the training split, and not two", "Make it a Category or a Number."
    elif isinstance(feature, Category) and column.type == "float" and not column.values:
        yield "has too many values with fractions to be of the kind category", "Make it a Number."


def _parts(feature: Feature, column: ColumnCounts) -> Iterator[Part]:
    """Yields the parts that a column becomes, which aren't placed yet."""
    flag = Part(column=column.name, kind=feature.kind, what="missing", begin=0)
    match feature:
        case Number():
            yield Part(column=column.name, kind="number", begin=0, scale=feature.scale)
            if column.missing and feature.missing == "flag":
                yield flag
        case Category():
            yield _category(feature, column)
        case Boolean():
            yield _coded(column, "boolean", tuple(sorted(column.values)))
        case Date():
            for what in feature.parts:
                yield _of_date(what, column)
            if column.missing:
                yield flag
        case Text():
            yield Part(column=column.name, kind="text", what="words", begin=0, width=feature.buckets)


def _coded(column: ColumnCounts, kind: Kind, values: Iterable[str]) -> Part:
    """An empty text is a missing value, whatever data.missing says."""
    return Part(
        column=column.name,
        kind=kind,
        begin=0,
        coded=True,
        values=tuple(value for value in values if value),
        missing=column.missing > 0 or "" in column.values,
    )


def _category(feature: Category, column: ColumnCounts) -> Part:
    listed_values = () if feature.encoding == "hash" else tuple(column.values)[: feature.vocabulary]
    part = _coded(column, "category", listed_values)
    all_known = len(listed_values) == column.distinct and not column.more_distinct
    buckets = 0 if all_known else feature.buckets
    codes = len(part.values) + buckets
    one_hot = feature.encoding == "one_hot" or (feature.encoding == "auto" and codes <= ONE_HOT)
    width = 0 if one_hot else feature.width or embedding_width(codes)
    return part.model_copy(update={"buckets": buckets, "embedding": width})


def embedding_width(codes: int) -> int:
    """Returns how many numbers stand for each of so many codes, by fast.ai's rule of thumb, 1.6 times codes ** 0.56."""
    return max(1, min(LARGEST_EMBEDDING, round(1.6 * codes**0.56)))


def _of_date(what: str, column: ColumnCounts) -> Part:
    if what in CODED_DATES:
        return _coded(column, "date", map(str, CODED_DATES[what])).model_copy(update={"what": what})
    low, high = (np.datetime64(int(seconds or 0), "s") for seconds in (column.lowest, column.highest))
    first, last = (each.astype(f"datetime64[{DATE_UNITS[what]}]").astype(int) for each in (low, high))
    before = 1970 if what == "year" else 0
    return Part(column=column.name, kind="date", what=what, begin=0, low=first + before, high=last + before)


def _raw(part: Part, column: ColumnCounts) -> Iterator[RawColumn]:
    """Yields what trees get of a part; that a value is missing they see themselves.

    Codes that are numbers they get as numbers: an order that says nothing costs them a few more questions, and one that
    says something, as that of hours, is lost in sets.
    """
    if part.what == "words":
        yield from (RawColumn(column=part.column, what=f"word {number}") for number in range(part.width))
    elif part.what != "missing":
        is_number = part.kind == "date" or (part.kind == "category" and _is_exact(column))
        categories = 0 if is_number else len(part.values) + part.buckets
        yield RawColumn(column=part.column, what=part.what, categories=categories)


def _is_exact(column: ColumnCounts) -> bool:
    """Whether a column is of numbers that a float32 tells apart."""
    bounds = [abs(bound) for bound in (column.lowest, column.highest) if bound is not None]
    return column.type in TYPES["number"] and max(bounds, default=0) <= MOST_EXACT
