"""Sorts what is quarantined by place, of any number, and packs it for the way from the workers.

Of a file with the wrong delimiter every row is quarantined: millions, which are never held all at once.
"""

import base64
import heapq
import json
import tempfile
import zlib
from bisect import insort
from collections.abc import Iterable, Iterator, Sequence
from typing import IO, TypeAlias

from components.ingest.file_names import HIDDEN
from components.ingest.reasons import BLANK, BROKEN
from components.ingest.report import SHOWN, Quarantined
from components.wording import natural_key

HELD = 20_000
"""So many are sorted in memory; more are in sorted files, which are merged."""

Keyed: TypeAlias = tuple[list[str], str, str]
"""A key to sort by, reason and place."""


def packed(quarantined: Sequence[Quarantined]) -> str:
    """Returns many as a short text."""
    pairs = json.dumps([(item.place, item.reason) for item in quarantined])
    return base64.b85encode(zlib.compress(pairs.encode(), 1)).decode()


def unpacked(text: str) -> Iterator[Quarantined]:
    """Yields what was packed."""
    for place, reason in json.loads(zlib.decompress(base64.b85decode(text))):
        yield Quarantined(place=place, reason=reason)


class Quarantine:
    """What is quarantined; it can be iterated once, in the order of places.

    Attributes:
        count: How many there are.
        hidden: How many of them nobody meant as data.
    """

    def __init__(self) -> None:
        self.count = self.hidden = 0
        self._held: list[Keyed] = []
        self._files: list[IO[str]] = []
        self._first: dict[str, list[Keyed]] = {"meant": [], "hidden": [], "broken": []}

    def add(self, items: Iterable[Quarantined]) -> None:
        """Adds some."""
        for item in items:
            keyed = (natural_key(item.place), item.reason, item.place)
            self.count += 1
            is_hidden = item.reason.startswith((HIDDEN, BLANK))
            self.hidden += is_hidden
            _keep_first(self._first["hidden" if is_hidden else "meant"], keyed)
            if item.reason.startswith(BROKEN):
                _keep_first(self._first["broken"], keyed)
            self._held.append(keyed)
            if len(self._held) == HELD:
                self._put_aside()

    @property
    def first(self) -> tuple[Quarantined, ...]:
        """The first few, those that nobody meant as data behind the others."""
        return _items([*self._first["meant"], *self._first["hidden"]][:SHOWN])

    @property
    def broken(self) -> tuple[Quarantined, ...]:
        """The first few files that end in the middle."""
        return _items(self._first["broken"])

    def __iter__(self) -> Iterator[Quarantined]:
        """Yields all, by place."""
        self._held.sort()
        for _, reason, place in heapq.merge(*map(_read, self._files), self._held):
            yield Quarantined(place=place, reason=reason)

    def _put_aside(self) -> None:
        self._held.sort()
        # A file without a name, which is gone as soon as nobody has it.
        file = tempfile.TemporaryFile("w+", encoding="utf-8")  # noqa: SIM115
        file.writelines(json.dumps([reason, place]) + "\n" for _, reason, place in self._held)
        self._files.append(file)
        self._held = []


def _keep_first(first: list[Keyed], keyed: Keyed) -> None:
    if len(first) < SHOWN or keyed < first[-1]:
        insort(first, keyed)
        del first[SHOWN:]


def _items(keyed: Iterable[Keyed]) -> tuple[Quarantined, ...]:
    return tuple(Quarantined(place=place, reason=reason) for _, reason, place in keyed)


def _read(file: IO[str]) -> Iterator[Keyed]:
    file.seek(0)
    for line in file:
        reason, place = json.loads(line)
        yield natural_key(place), reason, place
