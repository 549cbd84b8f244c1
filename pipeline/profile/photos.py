"""Profiles someone's photos: their classes, sizes, copies, and what can't be used."""

import hashlib
import os
import statistics
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from components.image_example_gen.config import ImageData
from components.image_example_gen.formats import describe, format_of, open_header, pixels_fault, scans_fault, webp_size
from components.image_example_gen.listing import list_photos
from components.image_example_gen.names import PHOTO_NAME
from components.image_example_gen.records import Listing, PhotoRecord, PhotoSource, RawPhoto
from components.ingest.file_names import HIDDEN
from components.ingest.findings import outside_text
from components.ingest.report import SHOWN, Quarantined
from components.wording import natural_key, printable
from pipeline.profile.quarantine import Quarantine

READING_SECONDS = 2.5
"""Photos are read for so long, in an order that mixes the classes; of many, the rest is left to the run."""

SEEN_AT = (64, 64)
"""Enough pixels to notice a JPEG that breaks off; it is decoded to an eighth of its size."""


@dataclass(frozen=True)
class PhotoFindings:
    """What was found.

    A file in a class folder counts as a photo if it can be used or is named like one.

    Attributes:
        data: Where.
        laid_out: The splits that the layout names.
        splits: Photos by class, by the split they are laid out in: "train", "eval", "test", or "" for none.
        read: How many photos were read and decoded.
        rejected: Those of them that can't be used.
        others: The files that are no photos of a class, without hidden ones.
        empty_folders: Class folders, and split folders, without any file.
        shorter_side: The median of their shorter sides, in pixels; 0 if none could be decoded.
        copies: Groups of byte-identical photos of different classes.
        leaks: Groups of byte-identical photos that are laid out in different splits.
        leaks_to_test: Those of them that are both in train and in test.
        outside: What is said of photos that lie outside of the data's folder; "" where none does.
    """

    data: ImageData
    laid_out: frozenset[str]
    splits: dict[str, dict[str, int]]
    read: int
    rejected: tuple[Quarantined, ...]
    others: tuple[Quarantined, ...]
    empty_folders: tuple[str, ...]
    shorter_side: int
    copies: tuple[tuple[str, ...], ...]
    leaks: tuple[tuple[str, ...], ...]
    leaks_to_test: tuple[tuple[str, ...], ...]
    outside: str = ""

    @property
    def counts(self) -> dict[str, int]:
        """Photos by class."""
        return dict(sorted(sum(map(Counter, self.splits.values()), Counter[str]()).items()))

    @property
    def by_split(self) -> dict[str, int]:
        """Photos by the split they are laid out in."""
        return {split: sum(counts.values()) for split, counts in self.splits.items()}

    @property
    def photos(self) -> int:
        """How many there are."""
        return sum(self.by_split.values())

    @property
    def all_read(self) -> bool:
        """Whether no photo is left that wasn't looked at."""
        return self.read == self.photos

    @property
    def untrained(self) -> list[str]:
        """The classes that are in other splits alone, where there is one for training."""
        trained = self.splits.get("train", {})
        return sorted({name for counts in self.splits.values() for name in counts} - set(trained)) if trained else []

    @property
    def quarantine(self) -> Quarantine:
        """What can't be used of all that was found, as far as it was read."""
        unusable = len(self.rejected) + sum(map(len, self.copies))
        rejected = round(unusable / max(self.read, 1) * self.photos)
        aside = len(self.others) + len(self.empty_folders)
        what = "files and folders" if self.empty_folders else "files"
        return Quarantine(rejected + aside, self.photos + aside, what, about=not self.all_read)


@dataclass
class _Seen:
    """What was seen of the files that were read: why each can't be used, "" if it can, by its name as it is shown."""

    faults: dict[str, str] = field(default_factory=dict)
    sides: list[int] = field(default_factory=list)
    by_digest: dict[bytes, list[PhotoRecord]] = field(default_factory=dict)

    def differing(self, what: str) -> tuple[tuple[str, ...], ...]:
        """Returns the names of each group of the same bytes that differs in `label` or `laid_out`."""
        return self._names(lambda group: len({getattr(target, what) for target in group}) > 1)

    def leaking_to_test(self) -> tuple[tuple[str, ...], ...]:
        """Returns the names of each group of the same bytes that is laid out both in train and in test."""
        return self._names(lambda group: {"train", "test"} <= {target.laid_out for target in group})

    def _names(self, is_meant: Callable[[list[PhotoRecord]], bool]) -> tuple[tuple[str, ...], ...]:
        groups = filter(is_meant, self.by_digest.values())
        return tuple(tuple(printable(target.name) for target in group) for group in groups)


def look_at_photos(path: str, seconds: float = READING_SECONDS) -> PhotoFindings:
    """Looks at photos of which nothing but the path is known; as `profile_photos`."""
    return profile_photos(ImageData(path=path), seconds)


def profile_photos(data: ImageData, seconds: float = READING_SECONDS) -> PhotoFindings:
    """Counts all photos by their names, and reads as many as time allows.

    Args:
        data: The settings.
        seconds: How long to read; at least one photo is.

    Raises:
        TransferlineError: There are no photos, or they can't be listed.
    """
    listing = list_photos(data)
    targets, aside = _listed(listing)
    seen = _read_some(listing.sources, data.max_pixels, seconds)
    photos = _photos(targets, seen, named=bool(listing.targets))
    others = [each for each in aside if not each.place.endswith("/")]
    others += [_other(target, seen) for target in targets if target not in photos]
    names = dict.fromkeys(printable(target.name) for target in photos)
    return PhotoFindings(
        data=data,
        laid_out=listing.laid_out,
        splits=_by_split(photos),
        read=sum(printable(target.name) in seen.faults for target in photos),
        rejected=_in_order(
            Quarantined(place=name, reason=seen.faults[name]) for name in names if seen.faults.get(name)
        ),
        others=_in_order(others),
        empty_folders=tuple(each.place for each in aside if each.place.endswith("/")),
        shorter_side=round(statistics.median(seen.sides)) if seen.sides else 0,
        copies=seen.differing("label"),
        leaks=seen.differing("laid_out"),
        outside=outside_text(listing.outside[:SHOWN], len(listing.outside)),
        leaks_to_test=seen.leaking_to_test(),
    )


def _listed(listing: Listing) -> tuple[Sequence[PhotoRecord], list[Quarantined]]:
    """The files that may be photos of a class, and what is known not to be, without hidden files."""
    aside = [each for each in listing.quarantined if not each.reason.startswith(HIDDEN)]
    if listing.targets:
        return listing.targets, aside
    items = list(_items(listing.sources))  # of TFRecords, only reading tells
    aside += [item for item in items if isinstance(item, Quarantined)]
    return [item.target for item in items if isinstance(item, RawPhoto)], aside


def _photos(targets: Iterable[PhotoRecord], seen: _Seen, *, named: bool) -> dict[PhotoRecord, None]:
    """The files that are photos; one that isn't named like a photo is one if it, or another so named, can be used."""
    if not named:
        return dict.fromkeys(targets)
    usable = {_ending(name) for name, fault in seen.faults.items() if not fault}

    def is_photo(target: PhotoRecord) -> bool:
        fault = seen.faults.get(printable(target.name))
        return bool(PHOTO_NAME.search(target.name)) or (_ending(target.name) in usable if fault is None else not fault)

    return dict.fromkeys(filter(is_photo, targets))


def _ending(name: str) -> str:
    return os.path.splitext(name)[1].lower()


def _other(target: PhotoRecord, seen: _Seen) -> Quarantined:
    name = printable(target.name)
    return Quarantined(place=name, reason=seen.faults.get(name) or "not named like a photo")


def _by_split(photos: Iterable[PhotoRecord]) -> dict[str, dict[str, int]]:
    splits: dict[str, Counter[str]] = {}
    for target in photos:
        splits.setdefault(target.laid_out, Counter())[target.label] += 1
    return {split: dict(sorted(counts.items())) for split, counts in sorted(splits.items())}


def _in_order(faults: Iterable[Quarantined]) -> tuple[Quarantined, ...]:
    return tuple(sorted(faults, key=lambda each: natural_key(each.place)))


def _read_some(sources: Iterable[PhotoSource], max_pixels: int, seconds: float) -> _Seen:
    seen = _Seen()
    until = time.monotonic() + seconds
    for item in _items(sources):
        if isinstance(item, Quarantined):
            seen.faults[item.place] = item.reason
        else:
            _look(item, max_pixels, seen)
        if time.monotonic() > until:
            break
    return seen


def _items(sources: Iterable[PhotoSource]) -> Iterator[RawPhoto | Quarantined]:
    for source in sources:
        yield from source.read()


def _look(photo: RawPhoto, max_pixels: int, seen: _Seen) -> None:
    reason, side = _fault(photo.content, max_pixels)
    seen.faults[printable(photo.target.name)] = reason
    if not reason:
        seen.sides.append(side)
        seen.by_digest.setdefault(hashlib.sha256(photo.content).digest(), []).append(photo.target)


def _fault(content: bytes, max_pixels: int) -> tuple[str, int]:
    """Returns why a photo can't be used, or "" and its shorter side."""
    name = format_of(content)
    if not name:
        return (f"not a photo but {describe(content)}" if content else "the file is empty"), 0
    fault = pixels_fault(webp_size(content), name, max_pixels) if name == "WEBP" else ""
    if fault := fault or (scans_fault(content) if name == "JPEG" else ""):
        return fault, 0
    try:
        image = open_header(content, name)
        side = min(image.size)
        if image.width * image.height > max_pixels:
            return f"more pixels than data.max_pixels = {max_pixels:,}", 0
        with suppress(AttributeError):  # only JPEG can be decoded small
            image.draft(image.mode, SEEN_AT)
        image.load()
    except Exception as error:  # Pillow's decoders raise a dozen types on damaged bytes.
        return f"truncated or damaged {name}: {printable(str(error))}", 0
    return "", side
