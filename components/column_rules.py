"""Defines which columns of rows are learned from, and what each may lack, or have that training doesn't."""

from typing import Annotated, TypeAlias

from pydantic import Field

from components.contract import LABEL
from components.settings import Settings

Share: TypeAlias = Annotated[float | None, Field(ge=0, le=1)]

CATEGORIES = ("category", "boolean")
"""Kinds of features of which each value is told from the others."""

NUMBERS = ("float", "int")
"""Types of columns that are learned from as numbers where no kinds are named."""


class ColumnBounds(Settings):
    """What a column may lack, or have that training doesn't.

    Attributes:
        max_unseen: The largest share of the values of the validation or the test split, 0 to 1, that training doesn't
            have; of a category or a column of two values.
        max_missing: The largest share of the records of a split, 0 to 1, that have no value.
        max_missing_rise: By how much this share may be larger, in validation or test, than in training.
    """

    max_unseen: Share = None
    max_missing: Share = None
    max_missing_rise: Share = None


NO_BOUNDS = ColumnBounds()


class ColumnRules(Settings):
    """All that is asked of columns.

    Attributes:
        features: The kind of each column that is learned from, as in `transform.features`; empty for every column of
            numbers.
        weight: The column with each record's weight; "" if there is none.
        bounds: What holds for each column that is learned from.
        columns: What holds for single columns instead, by name; those that aren't learned from among them.
    """

    features: dict[str, str] = Field(default_factory=dict)
    weight: str = ""
    bounds: ColumnBounds = NO_BOUNDS
    columns: dict[str, ColumnBounds] = Field(default_factory=dict)

    def kind_of(self, name: str, of_numbers: bool) -> str:
        """Returns the kind of feature that a column is learned from as; "" where it isn't.

        Args:
            name: The column.
            of_numbers: Whether it is of numbers.
        """
        if self.features or name in (LABEL, self.weight) or not of_numbers:
            return self.features.get(name, "")
        return "number"

    def bounds_of(self, name: str, kind: str) -> ColumnBounds:
        """Returns what holds for a column.

        Args:
            name: The column.
            kind: What it is learned from as; "" where it isn't.
        """
        general = self.bounds if kind else NO_BOUNDS
        own = self.columns.get(name, NO_BOUNDS).model_dump(exclude_none=True)
        return general.model_copy(update=own)
