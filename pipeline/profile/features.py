"""Finds out what kind of feature a column makes, from the values that were looked at."""

from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from components.arrow import pa, pc
from components.csv_example_gen.config import ColumnType
from components.transform.config import Boolean, Category, Date, DatePart, Feature, Number, Text
from pipeline.profile.target import Target

Values: TypeAlias = npt.NDArray[np.float64]
Codes: TypeAlias = npt.NDArray[np.int64]

TWO = 2
MOST_CODES, ROWS_A_CODE = 32, 10
NOT_BY_CHANCE = 3.7
"""Standard deviations that chance alone exceeds once in ten thousand times."""

SKEWED = 2.0
"""Skewness: that of an exponential distribution."""

WORDS, MOSTLY = 5, 0.5
SECONDS_A_DAY = 86_400


def feature_of(values: pa.Array, kind: ColumnType, target: Target) -> Feature | None:
    """Returns how a column can be learned from; None if it had better not be.

    Args:
        values: As the records hold them, null where there is none; two different ones at least.
        kind: Their type.
        target: What is to be predicted of each row.
    """
    given = values.drop_null()
    distinct = len(pc.unique(given))
    match kind:
        case "string":
            return _of_texts(given, distinct)
        case "date":
            return _of_dates(given.to_numpy(zero_copy_only=False))
        case _:
            present = values.is_valid().to_numpy(zero_copy_only=False)
            numbers = given.to_numpy(zero_copy_only=False).astype(np.float64)
            return Boolean() if distinct == TWO else _of_numbers(numbers, target.at(present))


def _of_texts(given: pa.Array, distinct: int) -> Feature | None:
    if distinct == TWO:
        return Boolean()
    if distinct > MOSTLY * len(given) and has_many_words(given):
        return Text()
    # Of names that nearly every row has one of its own of, a network would learn rows by heart.
    return None if distinct > MOSTLY * len(given) else Category()


def has_many_words(texts: pa.Array) -> bool:
    """Returns whether texts are of so many words that these tell more than which text it is."""
    return bool(pc.mean(pc.count_substring_regex(texts, r"[\pL\pN]+")).as_py() >= WORDS)


def _of_dates(seconds: npt.NDArray[np.int64]) -> Date:
    days = seconds // SECONDS_A_DAY
    years = days.astype("datetime64[D]").astype("datetime64[Y]")
    parts: list[DatePart] = ["year"] if len(np.unique(years)) > 1 else []
    parts += ["month", "weekday"]
    parts += ["hour"] if (seconds % SECONDS_A_DAY).any() else []
    return Date(parts=(*parts, "days"))


def _of_numbers(numbers: Values, target: Target) -> Feature:
    values, codes = np.unique(numbers, return_inverse=True)
    # Of whole numbers beyond 2^53 a float64 holds several as one.
    few = TWO < len(values) <= min(MOST_CODES, len(numbers) / ROWS_A_CODE)
    if few and (values == np.round(values)).all():
        return Category() if any(_is_no_line(codes, values, each) for each in target.numbers()) else Number()
    if abs(skewness(numbers)) <= SKEWED:
        return Number()
    logarithms = np.sign(numbers) * np.log1p(np.abs(numbers))
    return Number(scale="log" if abs(skewness(logarithms)) <= SKEWED else "quantile")


def _is_no_line(codes: Codes, values: Values, target: Values) -> bool:
    """Whether the share of a class, or the mean of a number, differs from code to code otherwise than along a line.

    The F test of a lack of fit: what the means by code explain beyond a line, beside what they leave. Its cube root is
    nearly normal (Wilson and Hilferty, 1931), as far as rows are many beside codes.
    """
    counts = np.bincount(codes)
    means = np.bincount(codes, target) / counts
    x, y = values - np.average(values, weights=counts), means - np.average(means, weights=counts)
    slope = (counts * x * y).sum() / (counts * x * x).sum()
    beyond, free = (counts * (y - slope * x) ** 2).sum(), len(values) - 2
    within, left = ((target - means[codes]) ** 2).sum(), len(codes) - len(values)
    if within <= 0:
        return bool(beyond > 0)
    ratio, spread = beyond / free / (within / left), 2 / (9 * free)
    return bool((ratio ** (1 / 3) - (1 - spread)) / spread**0.5 > NOT_BY_CHANCE)


def skewness(numbers: Values) -> float:
    """Returns the third standardised moment; 0 where all are the same."""
    deviations = numbers - numbers.mean()
    variance = (deviations**2).mean()
    return float((deviations**3).mean() / variance**1.5) if variance else 0.0
