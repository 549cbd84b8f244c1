"""Judges counts of classes, for photos and rows alike: `new` and `check` go by the same bounds."""

import math
from collections.abc import Mapping

from components.wording import listed, printable

MIN_CLASSES = 2
FEW = 20
"""Of a class with fewer records than this, a tenth of the data has none in one of eight cases (0.9^20)."""

UNBALANCED = 10
"""Times as many records in the largest class as in the smallest."""

MANY_CLASSES = 50
"""With more classes than this, the label of rows is doubted."""

MOSTLY_ONE = 0.8
LISTED = 8


def accuracy_at_least(counts: Mapping[str, int], above: float) -> float:
    """Returns an accuracy to ask for at first: somewhat above what the commonest class alone would give.

    Where nearly all is of one class, accuracy says little, and is only asked not to be lower than that by much.

    Args:
        counts: How many there are, by class.
        above: Which part of the way from that share to 1.
    """
    share = max(counts.values()) / sum(counts.values())
    return round(share + above * (1 - share), 2) if share < MOSTLY_ONE else math.floor(share * 100 - 2) / 100


def margin(count: int) -> float:
    """Returns half the width of the 95 % interval of an accuracy of 0.9, by the normal approximation."""
    return 1.96 * math.sqrt(0.9 * 0.1 / max(count, 1))


def unbalanced(counts: Mapping[str, int], what: str) -> str:
    """Returns what to say where one class is far more frequent than another; "" if none is.

    Args:
        counts: How many there are, by class.
        what: What they are, as "photos".
    """
    if len(counts) < MIN_CLASSES:
        return ""
    least, most = (choose(counts, key=lambda name: counts[name]) for choose in (min, max))
    if counts[most] < UNBALANCED * counts[least]:
        return ""
    times = counts[most] / max(counts[least], 1)
    ratio = f"{times:,.0f} times as many {what} of '{printable(most)}' as of '{printable(least)}'"
    return f"The classes are unbalanced: {ratio}"


def few(counts: Mapping[str, int], what: str) -> str:
    """Returns what to say where there is little of a class; "" if there is enough of each. Arguments as above."""
    rare = {name: count for name, count in counts.items() if count < FEW}
    return f"Few {what} of a class: {with_counts(rare)}" if rare else ""


def with_counts(counts: Mapping[str, int]) -> str:
    """Returns "cat: 700, dog: 699"; of many, the largest."""
    names = list(counts)
    if len(names) > LISTED:
        names.sort(key=lambda name: -counts[name])
    return listed([f"{printable(name)}: {counts[name]:,}" for name in names], LISTED)


def count_of(count: int, one: str, several: str) -> str:
    """Returns "1 class" or "3 classes"."""
    return f"{count:,} {one if count == 1 else several}"
