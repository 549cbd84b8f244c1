"""Says what a new pipeline of a number to predict asks of its model, and what there is to say of the number."""

import math
from collections.abc import Iterator

from components.evaluator.config import Threshold
from components.intervals import QUANTILE
from components.metric_text import digits_of
from pipeline.profile.features import SKEWED
from pipeline.profile.number_label import NumberLabel

DIGITS = 3
MOST_CERTAIN = 0.9


def least_r2(test: int) -> float:
    """Returns the R2 that so many test rows tell from 0, what always predicting the mean reaches.

    Where a model accounts for little of the variance, the mean of the row-by-row gain in squared error is R2 times the
    variance, and its standard error 2 sqrt(R2 / rows) times it, as far as labels are normal.

    Args:
        test: About how many rows test the model.
    """
    return min((2 * QUANTILE) ** 2 / max(test, 1), MOST_CERTAIN)


def thresholds_for(label: NumberLabel, test: int, drop: float) -> tuple[Threshold, ...]:
    """Returns the first thresholds: what guessing doesn't reach by chance.

    Args:
        label: The number.
        test: About how many rows test the model.
        drop: How far R2 may fall below the baseline's.
    """
    rmse = label.deviation * math.sqrt(1 - least_r2(test))
    return (
        Threshold(metric="rmse", at_most=float(f"{rmse:.{DIGITS}g}")),
        Threshold(metric="r2", at_least=0.0, max_drop=drop),
    )


def expect(label: NumberLabel, test: int) -> str:
    """Returns what is known of the result before there is one."""
    return (
        f"not known yet. Always predicting the mean has a root mean squared error (RMSE) of about "
        f"{digits_of(label.deviation)}. With about {test:,} test rows, a model is told from that where its R2 is "
        f"{least_r2(test):.2g} or more."
    )


def warnings(label: NumberLabel) -> Iterator[str]:
    """Yields what someone should know of the number."""
    if label.scale == "log":
        yield (
            f"The label is skewed (skewness {label.skewness:.1f}, more than {SKEWED:g}), and its logarithm is learned: "
            "errors count as parts of it, and the mean comes out too low. "
            'trainer.label_scale="standard" learns it as it is.'
        )
    elif label.skewness > SKEWED:
        yield (
            f"The label is skewed (skewness {label.skewness:.1f}), and its logarithm isn't learned, since "
            + ("not all labels are above 0" if label.skewness_of_logarithms is None else "that is skewed, too")
            + ": a few great labels make up most of the squared error."
        )
