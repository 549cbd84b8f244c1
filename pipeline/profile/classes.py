"""What counts of classes say, for photos and rows alike."""

import math
from collections.abc import Collection, Iterator, Mapping

from components.wording import shown

LISTED = 20
UNBALANCED = 5.0
MOSTLY_ONE = 0.8


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


def unbalanced(counts: Mapping[str, int]) -> Iterator[str]:
    """Yields a warning if one class is far more frequent than another."""
    least, most = (choose(counts, key=lambda name: counts[name]) for choose in (min, max))
    if counts[most] >= UNBALANCED * counts[least]:
        times = counts[most] / max(counts[least], 1)
        yield (
            f"the classes are unbalanced: '{shown(most)}' is {times:,.0f} times as frequent as '{shown(least)}'; "
            "look at each class's slice, not at the accuracy alone"
        )


def with_counts(counts: Mapping[str, int]) -> str:
    """Returns "cat 700, dog 699"."""
    return listed([f"{shown(name)} {count:,}" for name, count in counts.items()])


def listed(names: Collection[str]) -> str:
    """Returns names with commas; of many, the first."""
    more = f" and {len(names) - LISTED:,} more" if len(names) > LISTED else ""
    return ", ".join(shown(name) for name in list(names)[:LISTED]) + more


def count_of(count: int, one: str, several: str) -> str:
    """Returns "1 class" or "3 classes"."""
    return f"{count:,} {one if count == 1 else several}"
