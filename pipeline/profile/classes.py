"""Judges counts of classes, for photos and rows alike: `new` and `check` go by the same bounds."""

import math
from collections.abc import Callable, Mapping

from components.evaluator.guessing import MOSTLY_ONE
from components.intervals import auc_interval, mean_share_interval, share_interval
from components.wording import listed, printable

MIN_CLASSES = 2
FEW = 20
"""Of a class with fewer records than this, a tenth of the data has none in one of eight cases (0.9^20)."""

RARE = 1_000
"""Of a class with fewer records than this, a tenth by hash is off by a tenth of itself or more in one of three
cases."""

UNBALANCED = 10
"""Times as many records in the largest class as in the smallest."""

MANY_CLASSES = 50
"""With more classes than this, the label of rows is doubted."""

LISTED = 8


def is_mostly_one(counts: Mapping[str, int]) -> bool:
    """Whether nearly all is of one class: the accuracy says little then."""
    return max(counts.values()) > MOSTLY_ONE * sum(counts.values())


def accuracy_at_least(counts: Mapping[str, int], above: float, test: int) -> float:
    """Returns an accuracy to ask for at first, to two digits: what guessing doesn't reach by chance.

    Args:
        counts: How many there are, by class.
        above: Which part of the way from what guessing reaches, the share of the most frequent class, to 1.
        test: About how many records test the model: the 95 % interval of the accuracy in so many lies above that share.
    """
    share = max(counts.values()) / sum(counts.values())
    return max(
        _rounded_up(share + above * (1 - share)), _distinguishable(lambda value: share_interval(value, test), share)
    )


def balanced_accuracy_at_least(counts: Mapping[str, int], test: int) -> float:
    """Returns a mean recall of the classes to ask for at first; arguments as above."""
    in_test = [max(1.0, test * count / sum(counts.values())) for count in counts.values()]
    guessing = 1 / len(counts)
    return _distinguishable(lambda value: mean_share_interval([(value, count) for count in in_test]), guessing)


def auc_at_least(counts: Mapping[str, int], least: float, test: int) -> float:
    """Returns an area under the ROC curve to ask for at first, no less than `least`; arguments as above."""
    negatives, positives = (max(1.0, test * count / sum(counts.values())) for count in counts.values())
    return max(least, _distinguishable(lambda value: auc_interval(value, positives, negatives), 0.5))


def _distinguishable(interval: Callable[[float], tuple[float, float] | None], guessing: float) -> float:
    """Returns the lowest value, to two digits, whose interval lies above what guessing reaches; 1 if none does."""
    for hundredths in range(math.ceil(guessing * 100), 100):
        low, _ = interval(hundredths / 100) or (0.0, 1.0)
        if low > guessing:
            return hundredths / 100
    return 1.0


def _rounded_up(value: float) -> float:
    return math.ceil(round(value * 100, 6)) / 100


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
