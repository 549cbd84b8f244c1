"""Defines the settings of the Transform step."""

from typing import Annotated, Literal, TypeAlias

from pydantic import Field

from components.settings import Settings


class ImageTransform(Settings):
    """How a photo becomes the tensor that the network sees.

    Attributes:
        image_size: Height and width of the tensor, in pixels. MobileNetV2 halves it five times, so 32 is the least.
    """

    image_size: int = Field(default=160, ge=32, le=1024)


class Quantiles(Settings):
    """A slice by the place of a value among those of training: 1 for the lowest quarter, 4 for the highest, 0 for none.

    Attributes:
        kind: Always "quantiles".
        column: A column of numbers.
        buckets: How many parts, of about as many rows each.
    """

    kind: Literal["quantiles"] = "quantiles"
    column: str
    buckets: int = Field(default=4, ge=2)


class CountPositive(Settings):
    """A slice by how many of several columns are above zero.

    Attributes:
        kind: Always "count_positive".
        columns: Columns of numbers.
    """

    kind: Literal["count_positive"] = "count_positive"
    columns: tuple[str, ...] = Field(min_length=1)


SliceColumn: TypeAlias = Annotated[Quantiles | CountPositive, Field(discriminator="kind")]


class RowTransform(Settings):
    """How a row becomes the vector that the network sees.

    Attributes:
        features: The columns that are packed, in this order; empty for all columns of numbers, by name.
        standardize: Whether to bring each to a mean of 0 and a variance of 1, by the training rows.
        slices: Columns made for the evaluation to slice by.
        statistics: Whether to compute statistics of what comes out, which costs about as much as the rest.
    """

    features: tuple[str, ...] = ()
    standardize: bool = True
    slices: dict[str, SliceColumn] = Field(default_factory=dict)
    statistics: bool = False
