"""Defines the settings of the yardstick."""

from pydantic import Field

from components.settings import Settings


class YardstickSettings(Settings):
    """What the model is set beside: of rows trees and logistic or ridge regression, of photos a linear probe; guessing.

    Attributes:
        enabled: Whether they are fitted.
        rows: On so many rows or photos of the training split, at most; of more, on a sample.
        seed: Of the sample, and of the trees.
    """

    enabled: bool = True
    rows: int = Field(default=200_000, ge=100)
    seed: int = Field(default=0, ge=0, lt=2**31)
