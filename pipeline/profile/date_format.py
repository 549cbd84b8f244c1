"""Finds out how the dates of a column are written."""

import numpy as np

from components.arrow import pa, pc
from components.csv_example_gen.date_formats import ISO
from components.csv_example_gen.dates import seconds_of

MOSTLY = 0.95
"""With so many of its values a column is of dates: the others are faults, and quarantined."""

LOOKED_AT = 1_000
TIMES = ("", " %H:%M", " %H:%M:%S", " %I:%M %p", " %I:%M:%S %p")
DAYS = (
    "%Y/%m/%d",
    "%d.%m.%Y",
    "%m/%d/%Y",
    "%d/%m/%Y",
    "%d-%m-%Y",
    "%m-%d-%Y",
    "%d.%m.%y",
    "%m/%d/%y",
    "%d/%m/%y",
    "%d-%b-%Y",
    "%d-%b-%y",
    "%d %b %Y",
    "%d %B %Y",
    "%b %d, %Y",
    "%B %d, %Y",
    "%Y%m%d",
)
FORMATS = (ISO, *(day + time for time in TIMES for day in DAYS))
"""Those that people use; of two that fit as well, the first."""

SEEMS_A_DATE = (
    r"^\s*(\d{1,4}[-/. ][A-Za-z0-9]{1,9}[-/. ]\d{2,4}|[A-Za-z]{3,9} \d{1,2}, \d{4}|(19|20)\d{6})([ T].*)?\s*$"
)
"""Most other texts don't: it's seen at once."""


def date_format(texts: pa.Array) -> str | None:
    """Returns how most texts of a column are written as dates; None where they aren't dates.

    Args:
        texts: Strings, without those that stand for a missing value.
    """
    some = _some_of(pc.unique(texts.drop_null()))
    least = MOSTLY * len(some)
    seeming: int = pc.sum(pc.match_substring_regex(some, SEEMS_A_DATE)).as_py() or 0
    if not len(some) or seeming < least:
        return None
    # max() takes the first of those that fit as well.
    best = max(FORMATS, key=lambda written: _fitting(some, written))
    return best if _fitting(some, best) >= least else None


def _some_of(texts: pa.Array) -> pa.Array:
    """Returns values from all over: where rows are in order of time, the first are days of one month."""
    if len(texts) <= LOOKED_AT:
        return texts
    return texts.take(pa.array(np.linspace(0, len(texts) - 1, LOOKED_AT).astype(np.int64)))


def _fitting(texts: pa.Array, written: str) -> int:
    return len(texts) - int(seconds_of(texts, written).null_count)
