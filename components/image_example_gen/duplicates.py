"""Finds byte-identical photos with different labels or splits."""

from collections.abc import Iterable, Iterator

from components.ingest.report import Duplicate

MAX_PLACES = 20
"""Copies that are named in one group; there may be more."""


def differing_copies(copies: Iterable[tuple[str, str, str]]) -> Iterator[Duplicate]:
    """Yields the group if its copies differ in split or in label.

    Args:
        copies: (split, label, place) of each photo with the same bytes.
    """
    splits: set[str] = set()
    labels: set[str] = set()
    places: list[str] = []
    for split, label, place in copies:
        if len(places) < MAX_PLACES or split not in splits or label not in labels:
            places.append(f"{split}/{label}: {place}")
        splits.add(split)
        labels.add(label)
    if len(splits) > 1 or len(labels) > 1:
        yield Duplicate(places=tuple(sorted(places)), splits=tuple(sorted(splits)), labels=tuple(sorted(labels)))
