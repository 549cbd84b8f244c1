"""Defines what a model must reach before it is blessed."""

from typing import Annotated

from pydantic import Field, model_validator

from components.settings import Settings

OVERALL = ""


class Threshold(Settings):
    """One bound on one metric, overall or in a slice.

    Args:
        metric: The metric's name in the evaluation, such as "accuracy" or "auc", or "rmse" of a number to predict.
        slice: "" for all examples, "label" for each value of a feature, "label=cat" for one value of it.
        at_least: The lowest value that passes.
        at_most: The highest value that passes.
        max_drop: How far the value may fall below the served model's, in the metric's own unit. Passes where
            there is no blessed model yet.
        max_rise: How far the value may rise above the served model's. Passes where there is none yet.
    """

    metric: str
    slice: str = OVERALL
    at_least: float | None = None
    at_most: float | None = None
    max_drop: Annotated[float | None, Field(ge=0)] = None
    max_rise: Annotated[float | None, Field(ge=0)] = None

    @model_validator(mode="after")
    def _bounds_something(self) -> "Threshold":
        if self.at_least is None and self.at_most is None and self.max_drop is None and self.max_rise is None:
            raise ValueError("a threshold needs at_least, at_most, max_drop or max_rise")
        if self.max_drop is not None and self.max_rise is not None:
            raise ValueError("max_drop and max_rise are two thresholds: write them as two")
        return self

    @property
    def slice_feature(self) -> str:
        """The feature that is sliced by, "" for all examples."""
        return self.slice.partition("=")[0]

    @property
    def slice_value(self) -> str | None:
        """The one value of the feature that is meant, None for each of its values."""
        _, equals, value = self.slice.partition("=")
        return value if equals else None


class Evaluation(Settings):
    """How the test split is evaluated.

    Args:
        thresholds: All of them must pass for a model to be blessed; at least one, since a model that nothing was
            asked of isn't blessed.
        slices: Features to slice by, beside the slice of all examples.
        better_than_guessing: Whether a model isn't blessed either if the 95 % interval of its accuracy includes what
            predicting the most frequent class for every example would reach. Where more than 80 % are of one class, or
            the model has an operating point or class weights, the balanced accuracy is held against 1 / classes
            instead. Of a number to predict, its squared errors are held, row by row, against those of always predicting
            the mean: the interval of their mean difference must be above 0.
    """

    thresholds: Annotated[tuple[Threshold, ...], Field(min_length=1)]
    slices: tuple[str, ...] = ()
    better_than_guessing: bool = False

    @model_validator(mode="after")
    def _thresholds_differ(self) -> "Evaluation":
        # A change is bounded in one direction by a threshold, so that both take two.
        seen = [(each.metric, each.slice, each.max_rise is not None) for each in self.thresholds]
        twice = sorted({f"{each[0]} in '{each[1] or 'all examples'}'" for each in seen if seen.count(each) > 1})
        if twice:
            raise ValueError(f"two thresholds on {', '.join(twice)}: write them as one")
        return self
