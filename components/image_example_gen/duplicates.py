"""Finds byte-identical photos with different labels or splits."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from typing import TypeAlias

from components.ingest.report import MAX_CONFLICTS, Conflicts, Duplicate

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
    for group in _alike(photos):
        if len({split for split, _, _ in group}) > 1 or len({label for _, label, _ in group}) > 1:
            yield _named(group)


def conflicts_among(photos: Iterable[tuple[str, Copy]]) -> Conflicts:
    """Counts the photos with the same bytes that differ in label; argument as above."""
    groups = [group for group in _alike(photos) if len({label for _, label, _ in group}) > 1]
    most = sum(max(Counter(label for _, label, _ in group).values()) for group in groups)
    records = sum(map(len, groups))
    first = tuple(_named(group) for group in groups[:MAX_CONFLICTS])
    return Conflicts(groups=len(groups), records=records, outvoted=records - most, first=first)


def _alike(photos: Iterable[tuple[str, Copy]]) -> Iterable[list[Copy]]:
    alike: defaultdict[str, list[Copy]] = defaultdict(list)
    for sha256, photo in photos:
        alike[sha256].append(photo)
    return alike.values()


def _named(group: list[Copy]) -> Duplicate:
    splits, labels = {split for split, _, _ in group}, {label for _, label, _ in group}
    return Duplicate(places=_places(group), splits=tuple(sorted(splits)), labels=tuple(sorted(labels)))


def _places(group: Iterable[Copy]) -> tuple[str, ...]:
    """Names the first copies, and the first of each split and label."""
    places: list[str] = []
    named: set[str] = set()
    for split, label, place in group:
        if len(places) < MAX_PLACES or not {f"{split}/", label} <= named:
            places.append(f"{split}/{label}: {place}")
        named |= {f"{split}/", label}
    return tuple(sorted(places))
