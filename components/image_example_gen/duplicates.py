"""Finds byte-identical photos with different labels or splits."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple, TypeAlias

from components.ingest.report import MAX_CONFLICTS, Conflicts, Duplicate, Quarantined

MAX_PLACES = 20
"""Copies that are named in one group; there may be more."""

NAMED = 3
"""Copies with another label that the quarantine names beside a photo."""


class Copy(NamedTuple):
    """A photo that may have copies.

    Attributes:
        split: Its split.
        label: Its label.
        place: Its name.
        file: The TFRecord file that it was written into.
    """

    split: str
    label: str
    place: str
    file: str = ""


Photo: TypeAlias = tuple[str, Copy]
"""The SHA-256 of a photo's bytes, as hex digits, and the photo."""


@dataclass(frozen=True)
class UnderSeveralLabels:
    """Photos with the same bytes and different labels, of which nobody can tell which label is right.

    Attributes:
        sha256: Of their bytes.
        copies: All of them.
    """

    sha256: str
    copies: tuple[Copy, ...]

    @property
    def quarantined(self) -> Iterator[Quarantined]:
        """Each of them, with where the others are."""
        for copy in self.copies:
            others = [other for other in self.copies if other.label != copy.label]
            more = f" and {len(others) - NAMED:,} more" * (len(others) > NAMED)
            named = ", ".join(f"{other.label!r} ({other.place!r})" for other in others[:NAMED])
            # Quoted is what is one record's own: reports count by the rest.
            yield Quarantined(place=copy.place, reason=f"labelled {copy.label!r}, and the same bytes are {named}{more}")


def partition_of(sha256: str) -> str:
    """Returns one of sixteen, in which all photos with the same bytes meet."""
    return sha256[0]


def copies_in_different_splits(photos: Iterable[Photo]) -> Iterator[Duplicate]:
    """Yields each group of photos with the same bytes and label that differ in split; argument as below."""
    for _, group in _alike(photos):
        if len({copy.label for copy in group}) == 1 < len({copy.split for copy in group}):
            yield _named(group)


def under_several_labels(photos: Iterable[Photo]) -> tuple[UnderSeveralLabels, ...]:
    """Returns the groups of photos with the same bytes that differ in label.

    Args:
        photos: All photos of a partition.
    """
    return tuple(
        UnderSeveralLabels(sha256, tuple(group))
        for sha256, group in _alike(photos)
        if len({copy.label for copy in group}) > 1
    )


def conflicts_of(groups: Iterable[UnderSeveralLabels]) -> Conflicts:
    """Counts the photos that differ in label, and names the first."""
    every = [group.copies for group in groups]
    records = sum(map(len, every))
    return Conflicts(
        groups=len(every),
        records=records,
        outvoted=records - sum(max(Counter(copy.label for copy in group).values()) for group in every),
        first=tuple(map(_named, every[:MAX_CONFLICTS])),
        quarantined=True,
    )


def _alike(photos: Iterable[Photo]) -> Iterable[tuple[str, list[Copy]]]:
    alike: defaultdict[str, list[Copy]] = defaultdict(list)
    for sha256, photo in photos:
        alike[sha256].append(photo)
    return alike.items()


def _named(group: Iterable[Copy]) -> Duplicate:
    copies = list(group)
    splits, labels = {copy.split for copy in copies}, {copy.label for copy in copies}
    return Duplicate(places=_places(copies), splits=tuple(sorted(splits)), labels=tuple(sorted(labels)))


def _places(group: Iterable[Copy]) -> tuple[str, ...]:
    """Names the first copies, and the first of each split and label."""
    places: list[str] = []
    named: set[str] = set()
    for split, label, place, _ in group:
        if len(places) < MAX_PLACES or not {f"{split}/", label} <= named:
            places.append(f"{split}/{label}: {place}")
        named |= {f"{split}/", label}
    return tuple(sorted(places))
