"""Says what each column of rows is used for, and why one isn't learned from."""

import re
from collections.abc import Iterable, Mapping
from typing import Literal, TypeAlias

from pydantic import Field

from components.contract import LABEL
from components.csv_example_gen.column_counts import ColumnCounts, find_columns
from components.settings import Settings
from components.wording import listed, printable

Reason: TypeAlias = Literal["empty", "constant", "key", "names", "counter", "group", "label's copy"]

LEFT_OUT: Mapping[Reason, str] = {
    "empty": "no value at all",
    "constant": "the same value in every row",
    "key": "another value in each row, as a key has: a network would learn rows by heart",
    "names": "another text in nearly each row: a network would learn rows by heart",
    "counter": "counts the rows, as a line number does",
    "group": "named like a key",
    "label's copy": "tells the label in every row, as if it were a copy of it",
}
"""Why a column had better not be learned from."""

KINDS = {
    "number": "a number",
    "category": "a category",
    "boolean": "one of two values",
    "date": "a date",
    "text": "words",
}
"""What a column is learned from as, in words."""

NAMES_ROWS = "names the rows (data.id)"
NOT_NAMED = "not in transform.features"

LEAST_ROWS = 20
"""With fewer rows, values that all differ mean nothing."""

KEY_NAME = re.compile(r"(^|[_\s-])(id|ids|key|uuid|guid|nr|no)$|[a-z]I[dD]$", re.IGNORECASE)


class ColumnRoles(Settings):
    """What a pipeline of rows does with its columns.

    Attributes:
        features: The kind of each column that is learned from, as in `transform.features`; empty for every column of
            numbers.
        weight: The column with each row's weight; "" if there is none.
        ids: The columns that name the rows.
        slices: The columns that the evaluation slices by, those among them that a slice is made of.
        quantiles: The column of each slice that is a part of its values, by the slice's name.
        positive_counts: The columns of each slice that counts which are above 0, by the slice's name.
        left_out: Why single columns aren't learned from, as whoever wrote the settings found it.
    """

    features: dict[str, str] = Field(default_factory=dict)
    weight: str = ""
    ids: tuple[str, ...] = ()
    slices: tuple[str, ...] = ()
    quantiles: dict[str, str] = Field(default_factory=dict)
    positive_counts: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    left_out: dict[str, str] = Field(default_factory=dict)

    def why(self, name: str) -> str:
        """Returns why a column isn't learned from; "" where that isn't said."""
        return NAMES_ROWS if name in self.ids else self.left_out.get(name, "")

    def kind_of(self, column: ColumnCounts) -> str:
        """Returns what a column is learned from as; "" where it isn't."""
        if self.features or column.name in (LABEL, self.weight) or column.type not in ("float", "int"):
            return self.features.get(column.name, "")
        return "number"


NO_ROLES = ColumnRoles()


class ColumnUse(Settings):
    """What a column is used for.

    Attributes:
        name: The feature's name: the column's, and `label` for the label.
        use: What for.
        kind: What it is learned from as; "" where it isn't.
        sliced: Whether the evaluation slices by it.
        why: Why it isn't learned from; "" for the label, the weight, and what is learned from.
    """

    name: str
    use: Literal["learned", "label", "weight", "left out"]
    kind: str = ""
    sliced: bool = False
    why: str = ""

    @property
    def text(self) -> str:
        """The same in words."""
        uses = {
            "learned": f"learned from as {KINDS.get(self.kind, self.kind)}",
            "label": "the label",
            "weight": "each row's weight",
            "left out": f"not learned from: {self.why}",
        }
        return uses[self.use] + "; sliced by" * self.sliced


def uses_of(columns: Iterable[ColumnCounts], roles: ColumnRoles) -> list[ColumnUse]:
    """Returns what each column is used for.

    Args:
        columns: What is in each in the training split.
        roles: What the settings say.
    """
    return [_use(column, roles) for column in columns]


def read_uses(folder: str, roles: ColumnRoles) -> list[ColumnUse]:
    """Returns what each column is used for; nothing for photos.

    Args:
        folder: Of an ingest report.
        roles: What the settings say.
    """
    return uses_of(find_columns(folder).values(), roles)


def not_learned_text(uses: Iterable[ColumnUse]) -> str:
    """Returns which columns aren't learned from, and why, as a sentence; "" where all are."""
    text = by_reason({use.name: use.why for use in uses if use.use == "left out"})
    return f"Not learned from: {text}." if text else ""


def by_reason(left_out: Mapping[str, str]) -> str:
    """Returns "a, b (no value at all); c (named like a key)"; "" where nothing is left out.

    Args:
        left_out: Why each column isn't learned from.
    """
    reasons: dict[str, list[str]] = {}
    for name, why in left_out.items():
        reasons.setdefault(why, []).append(name)
    return "; ".join(f"{listed(names)} ({printable(why)})" for why, names in reasons.items())


def is_named_like_key(name: str) -> bool:
    """Returns whether a column is named as keys are."""
    return bool(KEY_NAME.search(name))


def _use(column: ColumnCounts, roles: ColumnRoles) -> ColumnUse:
    sliced = column.name in roles.slices
    if column.name == LABEL:
        return ColumnUse(name=LABEL, use="label", sliced=sliced)
    if column.name == roles.weight:
        return ColumnUse(name=column.name, use="weight", sliced=sliced)
    if kind := roles.kind_of(column):
        return ColumnUse(name=column.name, use="learned", kind=kind, sliced=sliced)
    return ColumnUse(name=column.name, use="left out", sliced=sliced, why=_why(column, roles))


def _why(column: ColumnCounts, roles: ColumnRoles) -> str:
    """What the settings say, else what the values show, else that the settings don't name it."""
    if said := roles.why(column.name):
        return said
    given = column.rows - column.missing
    if column.rows and not given:
        return LEFT_OUT["empty"]
    if column.distinct == 1 and not column.more_distinct:
        return LEFT_OUT["constant"]
    if column.type in ("int", "string") and column.distinct == given >= LEAST_ROWS and not column.more_distinct:
        return LEFT_OUT["key"]
    return LEFT_OUT["group"] if is_named_like_key(column.name) else NOT_NAMED
