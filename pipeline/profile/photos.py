"""Looks at someone's photos: which classes there are, and what some of the photos are like."""

import hashlib
import statistics
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field

from components.image_example_gen.config import ImageData
from components.image_example_gen.folders import PhotoFile
from components.image_example_gen.formats import describe, format_of, open_header, webp_size
from components.image_example_gen.listing import list_photos
from components.image_example_gen.records import Raw, Source, Target
from components.image_example_gen.tars import TarMembers
from components.image_example_gen.zips import ZipMembers
from components.ingest.file_names import HIDDEN
from components.ingest.report import Quarantined
from components.wording import shown

READING_SECONDS = 2.5
"""Photos are read for so long, in an order that mixes the classes; of many, the rest is left to the run."""

SEEN_AT = (64, 64)
"""Enough pixels to notice a JPEG that breaks off; it is decoded to an eighth of its size."""


@dataclass(frozen=True)
class PhotoFindings:
    """What was found.

    Attributes:
        data: Where.
        counts: Files by class.
        by_split: Files by the split they are laid out in: "train", "eval", "test", or "" for none.
        set_aside: Files that aren't taken for photos of a class, without hidden ones.
        read: How many photos were read and decoded.
        rejected: Those of them that can't be used.
        shorter_side: The median of their shorter sides, in pixels; 0 if none could be decoded.
        copies: Groups of byte-identical photos of different classes.
        leaks: Groups of byte-identical photos that are laid out in different splits.
    """

    data: ImageData
    counts: dict[str, int]
    by_split: dict[str, int]
    set_aside: tuple[Quarantined, ...]
    read: int
    rejected: tuple[Quarantined, ...]
    shorter_side: int
    copies: tuple[tuple[str, ...], ...]
    leaks: tuple[tuple[str, ...], ...]

    @property
    def photos(self) -> int:
        """How many there are."""
        return sum(self.counts.values())

    @property
    def gate_share(self) -> float:
        """About which share of all files can't be used."""
        rejected = len(self.rejected) / max(self.read, 1) * self.photos
        return (rejected + len(self.set_aside)) / max(self.photos + len(self.set_aside), 1)


@dataclass
class _Seen:
    """What was seen of the photos that were read."""

    read: int = 0
    rejected: list[Quarantined] = field(default_factory=list)
    sides: list[int] = field(default_factory=list)
    by_digest: dict[bytes, list[Target]] = field(default_factory=dict)

    def differing(self, what: str) -> tuple[tuple[str, ...], ...]:
        """Returns the names of each group of the same bytes that differs in `label` or `laid_out`."""
        return tuple(
            tuple(shown(target.name) for target in group)
            for group in self.by_digest.values()
            if len({getattr(target, what) for target in group}) > 1
        )


def look_at_photos(path: str, seconds: float = READING_SECONDS) -> PhotoFindings:
    """Counts all photos by their names, and reads as many as time allows.

    Args:
        path: As `ImageData.path`.
        seconds: How long to read; at least one photo is.

    Raises:
        TransferlineError: There are no photos, or they can't be listed.
    """
    data = ImageData(path=path)
    listing = list_photos(data)
    targets = [target for source in listing.sources for target in _targets(source)]
    seen = _read_some(listing.sources, data.max_pixels, seconds)
    return PhotoFindings(
        data=data,
        counts=dict(sorted(Counter(target.label for target in targets).items())),
        by_split=dict(Counter(target.laid_out for target in targets)),
        set_aside=tuple(each for each in listing.quarantined if not each.reason.startswith(HIDDEN)),
        read=seen.read,
        rejected=tuple(seen.rejected),
        shorter_side=round(statistics.median(seen.sides)) if seen.sides else 0,
        copies=seen.differing("label"),
        leaks=seen.differing("laid_out"),
    )


def _targets(source: Source) -> Iterable[Target]:
    match source:
        case PhotoFile(target=target):
            return [target]
        case ZipMembers(wanted=wanted) | TarMembers(wanted=wanted):
            return [item.target for item in wanted]
    return [item.target for item in source.read() if isinstance(item, Raw)]


def _read_some(sources: Iterable[Source], max_pixels: int, seconds: float) -> _Seen:
    seen = _Seen()
    until = time.monotonic() + seconds
    for item in _items(sources):
        seen.read += 1
        if isinstance(item, Quarantined):
            seen.rejected.append(item)
        else:
            _look(item, max_pixels, seen)
        if time.monotonic() > until:
            break
    return seen


def _items(sources: Iterable[Source]) -> Iterator[Raw | Quarantined]:
    for source in sources:
        yield from source.read()


def _look(photo: Raw, max_pixels: int, seen: _Seen) -> None:
    reason, side = _fault(photo.content, max_pixels)
    if reason:
        seen.rejected.append(Quarantined(place=shown(photo.target.name), reason=reason))
        return
    seen.sides.append(side)
    seen.by_digest.setdefault(hashlib.sha256(photo.content).digest(), []).append(photo.target)


def _fault(content: bytes, max_pixels: int) -> tuple[str, int]:
    """Returns why a photo can't be used, or "" and its shorter side."""
    name = format_of(content)
    if not name:
        return (f"not a photo but {describe(content)}" if content else "the file is empty"), 0
    if name == "WEBP" and webp_size(content)[0] * webp_size(content)[1] > max_pixels:
        return f"more pixels than data.max_pixels = {max_pixels:,}", 0
    try:
        image = open_header(content, name)
        side = min(image.size)
        if image.width * image.height > max_pixels:
            return f"more pixels than data.max_pixels = {max_pixels:,}", 0
        with suppress(AttributeError):  # only JPEG can be decoded small
            image.draft(image.mode, SEEN_AT)
        image.load()
    except Exception as error:  # Pillow's decoders raise a dozen types on damaged bytes.
        return f"truncated or damaged {name}: {shown(str(error))}", 0
    return "", side
