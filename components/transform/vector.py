"""Describes the vector that a row becomes, which Transform makes and the network takes."""

import os
from collections.abc import Iterable, Mapping, Sequence
from typing import Literal, TypeAlias

from pydantic import Field

from components.errors import TransferlineError
from components.settings import Settings
from components.transform.config import RowTransform, Scale

LAYOUT_FILE = "vector.json"
"""In the folder of Transform's output."""

MISSING, UNSEEN, FIRST = 0, 1, 2
"""Codes of a category: of no value, of a value that isn't in the vocabulary, and of the vocabulary's first."""

ColumnType: TypeAlias = Literal["float", "int", "string", "date"]
"""As the records hold a column: float32, int64, bytes, and a date as int64 seconds since 1970-01-01 UTC."""

Kind: TypeAlias = Literal["number", "category", "boolean", "date", "text"]


class Part(Settings):
    """Some numbers of the vector, side by side, that are made of one column in one way.

    Attributes:
        column: The column.
        kind: What the settings make of it.
        what: Which part it is: "value", "missing" (1 where there is none, else 0), "words", or a part of a date.
        begin: Place of its first number in the vector.
        width: How many numbers it is.
        scale: Of a number.
        low: What of a date's part becomes -1.
        high: What becomes 1.
        coded: Whether its number is a code, of which the network makes several numbers; see `MISSING`.
        values: The vocabulary of codes, the first of which is `FIRST`.
        buckets: Codes after those, for values outside of the vocabulary, which are hashed; 0 makes them `UNSEEN`.
        missing: Whether training rows lack some values.
        embedding: Numbers that the network learns for each code; 0 for one-hot.
    """

    column: str
    kind: Kind
    what: str = "value"
    begin: int
    width: int = 1
    scale: Scale = "none"
    low: float = 0.0
    high: float = 0.0
    coded: bool = False
    values: tuple[str, ...] = ()
    buckets: int = 0
    missing: bool = False
    embedding: int = 0

    @property
    def learned(self) -> int:
        """How many codes training rows have; of all others, a network learns nothing."""
        return len(self.values) + self.buckets + self.missing


class RawColumn(Settings):
    """A number of the vector for trees.

    Attributes:
        column: The column.
        what: Which part of it; as `Part.what`.
        categories: Of a code, how many there are: it counts from 0, and is NaN for none and for one that training
            didn't have. 0 for a number, which isn't scaled, and is NaN where it is missing.
    """

    column: str
    what: str = "value"
    categories: int = 0


class VectorLayout(Settings):
    """All of the vector.

    Attributes:
        columns: The columns that it is made of, and their types.
        parts: Its parts, in their order: numbers first, then codes, one number each.
        raw: What is in the vector for trees.
        missing: The share of the training rows that have no value, by column.
    """

    columns: dict[str, ColumnType]
    parts: tuple[Part, ...]
    raw: tuple[RawColumn, ...]
    missing: dict[str, float] = Field(default_factory=dict)

    def trained(self, column: str) -> dict[str, object]:
        """Returns what training had in a column: the share of rows without a value, and of a category its values."""
        codes = [part for part in self.coded if part.column == column and part.kind != "date"]
        is_whole = codes and not any(part.buckets for part in codes)
        return {"missing": self.missing.get(column, 0.0), "values": codes[0].values if is_whole else None}

    @property
    def width(self) -> int:
        """The vector's length."""
        return sum(part.width for part in self.parts)

    @property
    def numbers(self) -> int:
        """How many of its numbers are no codes."""
        return sum(part.width for part in self.parts if not part.coded)

    @property
    def coded(self) -> tuple[Part, ...]:
        """The parts that are codes."""
        return tuple(part for part in self.parts if part.coded)

    @property
    def of_numbers_only(self) -> bool:
        """Whether each column is taken as a number, so that a row is a vector of numbers as it comes."""
        return all(part.kind == "number" for part in self.parts)


def layout_of_numbers(columns: Mapping[str, ColumnType], settings: RowTransform) -> VectorLayout:
    """Returns the vector of columns of numbers, as settings that name no kinds have it.

    Args:
        columns: The columns that there are, and their types.
        settings: The user's.

    Raises:
        TransferlineError: A column isn't there or isn't of numbers, or none is.
    """
    numbers = sorted(name for name, kind in columns.items() if kind in ("float", "int"))
    names = tuple(settings.features) or tuple(numbers)
    for name in names:
        if name not in numbers:
            raise no_number(name, numbers)
    if not names:
        raise no_number("", ())
    scale: Scale = "standard" if settings.standardize else "none"
    return VectorLayout(
        columns={name: columns[name] for name in names},
        parts=placed(Part(column=name, kind="number", begin=0, scale=scale) for name in names),
        raw=tuple(RawColumn(column=name) for name in names),
    )


def no_number(name: str, numbers: Sequence[str]) -> TransferlineError:
    """Returns the error that a column isn't one of numbers; of no name, that there is none."""
    return TransferlineError(
        f"There is no column of numbers '{name}'." if name else "There is no column of numbers.",
        place="transform.features",
        cure=f"Use columns of {', '.join(numbers)}." if numbers else "Check data.path and data.types.",
    )


def placed(parts: Iterable[Part]) -> tuple[Part, ...]:
    """Returns parts one behind the other."""
    found: list[Part] = []
    for part in parts:
        begin = found[-1].begin + found[-1].width if found else 0
        found.append(part.model_copy(update={"begin": begin}))
    return tuple(found)


def write_layout(layout: VectorLayout, folder: str) -> None:
    """Writes `vector.json` into the folder of Transform's output."""
    import tensorflow as tf  # noqa: PLC0415 (settings answer without it)

    with tf.io.gfile.GFile(os.path.join(folder, LAYOUT_FILE), "w") as file:
        file.write(layout.model_dump_json())


def find_layout(folder: str) -> VectorLayout | None:
    """Reads `vector.json` from the folder of Transform's output; None where there is none."""
    import tensorflow as tf  # noqa: PLC0415

    path = os.path.join(folder, LAYOUT_FILE)
    if not tf.io.gfile.exists(path):
        return None
    with tf.io.gfile.GFile(path) as file:
        return VectorLayout.model_validate_json(file.read())
