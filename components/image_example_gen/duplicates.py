"""Finds byte-identical photos with different labels or splits."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import TypeAlias

from components.ingest.report import Duplicate

MAX_PLACES = 20
"""Copies that are named in one group; there may be more."""

Copy: TypeAlias = tuple[str, str, str]
"""(split, label, place) of a photo."""


def partition_of(sha256: str) -> str:
    """Returns one of sixteen, in which all photos with the same bytes meet."""
    return sha256[0]


def differing_copies(photos: Iterable[tuple[str, Copy]]) -> Iterator[Duplicate]:
    """Yields each group of photos with the same bytes that differ in split or in label.

    Args:
        photos: The hex digest of the bytes and the photo, of all photos of a partition.
    """
    alike: defaultdict[str, list[Copy]] = defaultdict(list)
    for sha256, photo in photos:
        alike[sha256].append(photo)
    for group in alike.values():
        splits, labels = {split for split, _, _ in group}, {label for _, label, _ in group}
        if len(splits) > 1 or len(labels) > 1:
            yield Duplicate(places=_places(group), splits=tuple(sorted(splits)), labels=tuple(sorted(labels)))


def _places(group: Iterable[Copy]) -> tuple[str, ...]:
    """Names the first copies, and the first of each split and label."""
    places: list[str] = []
    named: set[str] = set()
    for split, label, place in group:
        if len(places) < MAX_PLACES or not {f"{split}/", label} <= named:
            places.append(f"{split}/{label}: {place}")
        named |= {f"{split}/", label}
    return tuple(sorted(places))
