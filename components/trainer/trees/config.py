"""Defines the settings of gradient-boosted trees."""

from typing import Literal

from pydantic import Field

from components.settings import Settings


class Trees(Settings):
    """Gradient-boosted decision trees, which take numbers unscaled, and missing values and categories as they are.

    Attributes:
        kind: Which kind of model this is.
        iterations: At most so many trees; of more than two classes, so many of each.
        patience: Growing ends when the validation cross-entropy was no lower for so many iterations. The trees up to
            the best iteration are kept.
        learning_rate: What a tree says is multiplied by this.
        leaves: Of a tree, at most.
        leaf_rows: Training rows in a leaf, at least.
        l2: Penalty on the squares of what the leaves say.
        max_rows: Training rows at most, of more a sample by the trainer's seed: they are held in memory, some 20 bytes
            a number.
    """

    kind: Literal["trees"] = "trees"
    iterations: int = Field(default=500, ge=1)
    patience: int = Field(default=20, ge=1)
    learning_rate: float = Field(default=0.1, gt=0, le=1)
    leaves: int = Field(default=31, ge=2)
    leaf_rows: int = Field(default=20, ge=1)
    l2: float = Field(default=0.0, ge=0)
    max_rows: int = Field(default=1_000_000, ge=2)
