"""Defines the settings of the Transform step."""

from collections.abc import Iterable, Mapping
from typing import Annotated, Literal, TypeAlias, get_args

from pydantic import Discriminator, Field, Tag

from components.settings import Settings

PixelScale: TypeAlias = Literal["symmetric", "unit", "imagenet"]


class ImageTransform(Settings):
    """How a photo becomes the tensor that the network sees.

    Attributes:
        image_size: Height and width of the tensor, in pixels. Networks halve it five times, so 32 is the least.
        crop_to_aspect_ratio: Whether the largest square in the middle of a photo is what is seen, as it is; otherwise
            the whole photo is, and one that isn't a square is distorted.
        scale: What pixels from 0 to 255 are scaled to: "symmetric", from -1 to 1; "unit", from 0 to 1; "imagenet", by
            the mean and the deviation of each colour in ImageNet's photos. None for what `trainer.base` takes.
    """

    image_size: int = Field(default=160, ge=32, le=1024)
    crop_to_aspect_ratio: bool = False
    scale: PixelScale | None = None


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


Scale: TypeAlias = Literal["standard", "log", "quantile", "none"]
DatePart: TypeAlias = Literal["year", "month", "weekday", "hour", "days"]


class Number(Settings):
    """A column of numbers as a number of the vector.

    Attributes:
        kind: Always "number".
        scale: "standard": a mean of 0 and a variance of 1, by the training rows; "log": the same of the logarithm,
            sign(x) log(1 + |x|), for what is skewed; "quantile": by its place among the training rows' values, in
            hundredths, for what has values far out; "none": as it is.
        missing: A missing value becomes the training rows' mean. "flag" adds a number that says whether it was
            missing, where training rows lack some; "mean" adds none.
    """

    kind: Literal["number"] = "number"
    scale: Scale = "standard"
    missing: Literal["flag", "mean"] = "flag"


class Category(Settings):
    """A column of names or codes: each of its values in the training rows is told from the others.

    Attributes:
        kind: Always "category".
        encoding: How the network sees a value: "one_hot" as a number each, "embedding" as some numbers that it learns,
            "auto" one-hot up to ten values and an embedding above; "hash" as the embedding of one of some buckets.
        vocabulary: So many values, the most frequent ones, are told apart; any other falls into a bucket with others.
        buckets: How many of these there are, where there are more values than that, or all are hashed.
        width: Numbers of an embedding; None for more of them the more values there are.
    """

    kind: Literal["category"] = "category"
    encoding: Literal["auto", "one_hot", "embedding", "hash"] = "auto"
    vocabulary: int = Field(default=10_000, ge=1, le=10_000)
    buckets: int = Field(default=1_000, ge=1, le=100_000)
    width: int | None = Field(default=None, ge=1, le=1_024)


class Boolean(Settings):
    """A column of two values, whatever they are called.

    Attributes:
        kind: Always "boolean".
    """

    kind: Literal["boolean"] = "boolean"


class Date(Settings):
    """A column of dates, or of dates with times of day.

    Attributes:
        kind: Always "date".
        parts: What the network sees of them: the "year", the "month" and the "weekday" and the "hour" one-hot, the
            "days" since the first one of the training rows.
    """

    kind: Literal["date"] = "date"
    parts: tuple[DatePart, ...] = Field(default=get_args(DatePart), min_length=1)


class Text(Settings):
    """A column of free text, as counts of its words: crude, since neither their order nor their meaning is seen.

    Attributes:
        kind: Always "text".
        buckets: Words are hashed into so many numbers; those that share one are one word.
    """

    kind: Literal["text"] = "text"
    buckets: int = Field(default=128, ge=1, le=4_096)


Feature: TypeAlias = Annotated[Number | Category | Boolean | Date | Text, Field(discriminator="kind")]


def _names_or_kinds(value: object) -> str:
    return "kinds" if isinstance(value, Mapping) else "names"


Features: TypeAlias = Annotated[
    Annotated[tuple[str, ...], Tag("names")] | Annotated[dict[str, Feature], Tag("kinds")],
    Discriminator(_names_or_kinds),
]


class RowTransform(Settings):
    """How a row becomes the vector that the network sees.

    Attributes:
        features: How each column becomes a feature, by its name. Or the names of columns of numbers alone, which are
            packed in this order and as `standardize` says; empty for all columns of numbers, by name.
        standardize: Where names alone are given: whether to bring each to a mean of 0 and a variance of 1, by the
            training rows.
        slices: Columns made for the evaluation to slice by.
        statistics: Whether to compute statistics of what comes out, which costs about as much as the rest.
    """

    features: Features = ()
    standardize: bool = True
    slices: dict[str, SliceColumn] = Field(default_factory=dict)
    statistics: bool = False

    @property
    def kinds(self) -> dict[str, str]:
        """The kind of each feature that is named, by its column."""
        if isinstance(self.features, dict):
            return {name: feature.kind for name, feature in self.features.items()}
        return dict.fromkeys(self.features, "number")

    def columns_of(self, slices: Iterable[str]) -> tuple[str, ...]:
        """Returns the columns that slices are made of; one that isn't made here is of none."""
        made = [self.slices[name] for name in slices if name in self.slices]
        columns = [each.columns if each.kind == "count_positive" else (each.column,) for each in made]
        return tuple(name for names in columns for name in names)
