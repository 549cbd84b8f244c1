"""Defines what is passed from finding photos to reading them to writing them."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from components.ingest.report import Quarantined

MAX_FILE_BYTES = 512 * 2**20
"""No photo is larger; a file or an archive's member that is, is never read whole."""


LEADS_OUT = 'leads out of the data\'s folder, and data.outside is "refuse"'
"""Why a photo isn't read that lies elsewhere."""


@dataclass(frozen=True)
class PhotoRecord:
    """One photo that is to be read.

    Attributes:
        name: Where it is, relative to the data; undecodable bytes as surrogate escapes.
        label: The class name.
        laid_out: The split ("train", "eval", "test") it is laid out in; empty where the layout names none.
        group: What photos have in common that come into the same split; empty where there are no groups.
    """

    name: str
    label: str
    laid_out: str = ""
    group: str = ""


@dataclass(frozen=True)
class RawPhoto:
    """One photo as it came, not looked at yet."""

    target: PhotoRecord
    content: bytes


def size_of(raw: RawPhoto | Quarantined) -> int:
    """Returns the bytes of a photo as it came; 0 for what isn't there."""
    return len(raw.content) if isinstance(raw, RawPhoto) else 0


@runtime_checkable
class PhotoSource(Protocol):
    """Something that can be sent to a Beam worker and read there."""

    def read(self) -> Iterator[RawPhoto | Quarantined]:
        """Yields one item for every record of the source."""


@dataclass(frozen=True)
class Listing:
    """All that was found.

    Attributes:
        sources: What is to be read.
        quarantined: What can't be, as known before reading.
        found: Number of records: those of the sources, and the quarantined.
        laid_out: The splits that the layout names.
        targets: The photos in the sources; empty for TFRecords, which only reading tells.
        outside: The names of those that lie outside of the data's folder.
    """

    sources: tuple[PhotoSource, ...]
    quarantined: tuple[Quarantined, ...]
    found: int
    laid_out: frozenset[str]
    targets: tuple[PhotoRecord, ...] = ()
    outside: tuple[str, ...] = ()
