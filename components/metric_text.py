"""Says which metrics come first, which are better lower, which are in the label's unit, and how each is printed."""

import math
from collections.abc import Iterable

IN_UNIT = ("mse", "rmse", "mae", "mean_error", "median_absolute_error", "absolute_error_p90")
"""Of a number to predict: in the label's unit, or its square. All others are shares, or of the size of one."""

FIRST = ("accuracy", "rmse", "r2")
"""What a person looks at first."""

LOWER_IS_BETTER = ("crossentropy", *(name for name in IN_UNIT if name != "mean_error"))
DIGITS, LARGEST, SMALLEST = 4, 12, -4
"""Digits that are printed of a number of any size, and the powers of ten between which it is written out."""


def first_metrics(names: Iterable[str]) -> tuple[str, ...]:
    """Returns those of some metrics that a person looks at first; the accuracy where there are none yet."""
    known = set(names)
    return tuple(name for name in FIRST if name in known) or FIRST[:1]


def metric_text(name: str, value: float, sign: str = "") -> str:
    """Returns a metric's value, or a difference of two, as it is printed.

    Args:
        name: The Evaluator's.
        value: The value.
        sign: "+" where a sign is to be before numbers above 0, too.
    """
    return digits_of(value, sign) if name in IN_UNIT else f"{value:{sign}.4f}"


def exact_text(value: float) -> str:
    """Returns the shortest text that reads as a number, as who set it may have written it.

    >>> exact_text(0.7), exact_text(1234567.8), exact_text(20.0), exact_text(0.9999999)
    ('0.7', '1234567.8', '20', '0.9999999')
    """
    return repr(float(value)).removesuffix(".0")


def digits_of(value: float, sign: str = "") -> str:
    """Returns a number of any unit with four digits, or all that it has before the point.

    >>> digits_of(31234.6), digits_of(4.12345), digits_of(0.000012345), digits_of(2, "+")
    ('31,235', '4.123', '1.234e-05', '+2.000')
    """
    if not value or not math.isfinite(value):
        return f"{value:{sign}g}"
    power = math.floor(math.log10(abs(value)))
    if not SMALLEST <= power < LARGEST:
        return f"{value:{sign}.{DIGITS - 1}e}"
    return f"{value:{sign},.{max(0, DIGITS - 1 - power)}f}"
