"""Finds and reads photos in folders."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import chain

from components.image_example_gen.layout import arrange
from components.image_example_gen.names import mixing_key
from components.image_example_gen.records import LEADS_OUT, MAX_FILE_BYTES, Listing, PhotoRecord, PhotoSource, RawPhoto
from components.ingest import storage
from components.ingest.report import Quarantined
from components.ingest.side_by_side import side_by_side
from components.wording import printable

PHOTOS_PER_SOURCE = 256
"""Enough that what Beam does for each source is little beside the photos, and that every thread is at work where they
come over a network; few enough to share among workers."""


@dataclass(frozen=True)
class PhotoFile:
    """A `PhotoSource` of one photo, a file of its own.

    Attributes:
        path: Where to read it.
        target: What it is.
        row: The manifest's row that names it; 0 where there is no manifest.
    """

    path: str
    target: PhotoRecord
    row: int = 0

    def read(self) -> Iterator[RawPhoto | Quarantined]:
        """Yields the photo's bytes, or why they can't be read."""
        try:
            content = storage.read_file(self.path, MAX_FILE_BYTES)
        except FileNotFoundError:
            yield self._fault("is missing")
        except OSError as error:
            yield self._fault(f"can't be read: {error.strerror or error}")
        else:
            if len(content) > MAX_FILE_BYTES:
                yield self._fault(f"is larger than {MAX_FILE_BYTES // 2**20} MiB")
            else:
                yield RawPhoto(self.target, content)

    def _fault(self, what: str) -> Quarantined:
        name = printable(self.target.name)
        if not self.row:
            return Quarantined(place=name, reason=f"the file {what}")
        return Quarantined(place=name, reason=f"manifest row {self.row}: file {name} {what}")


@dataclass(frozen=True)
class PhotoFiles:
    """A `PhotoSource` of some photos."""

    photos: tuple[PhotoFile, ...]

    def read(self) -> Iterator[RawPhoto | Quarantined]:
        """Yields each photo's bytes, or why they can't be read, in order; over a network many are read side by side."""
        if all(storage.is_local(photo.path) for photo in self.photos):
            yield from chain.from_iterable(photo.read() for photo in self.photos)
            return
        for read in side_by_side(lambda photo: list(photo.read()), self.photos):
            yield from read


def list_folder(folder: str, aliases: dict[str, str], group_level: int = 0, *, take_outside: bool = True) -> Listing:
    """Finds the photos below a folder of class folders, or of split folders of class folders.

    Args:
        folder: The folder.
        aliases: Class name by folder name.
        group_level: Which folder below its class's is a photo's group, from 1 on; 0 for none.
        take_outside: Whether photos are taken to which a link leads out of the folder.

    Raises:
        TransferlineError: A folder can't be read.
    """
    nodes = [
        node if take_outside or not node.leads_out else replace(node, fault=node.fault or f"it {LEADS_OUT}")
        for node in storage.walk(folder)
    ]
    files = [node.name for node in nodes if not node.is_folder and not node.fault]
    folders = [node.name for node in nodes if node.is_folder and not node.fault]
    faults = [
        Quarantined(place=printable(node.name), reason=node.fault)
        for node in nodes
        if node.fault and not node.is_folder
    ]
    arranged, empty = arrange(files, folders, aliases, group_level)
    targets = [item for item in arranged if isinstance(item, PhotoRecord)]
    stray = [item for item in arranged if isinstance(item, Quarantined)]
    photos = [PhotoFile(storage.join(folder, target.name), target) for target in targets]
    leading = {node.name for node in nodes if node.leads_out}
    outside = tuple(target.name for target in targets if target.name in leading)
    return make_listing(sources_of(photos), targets, [*faults, *empty, *stray], outside)


def make_listing(
    sources: Iterable[PhotoSource],
    targets: list[PhotoRecord],
    quarantined: list[Quarantined],
    outside: tuple[str, ...] = (),
) -> Listing:
    """Returns the listing of sources that hold these targets."""
    return Listing(
        sources=tuple(sources),
        quarantined=tuple(quarantined),
        found=len(targets) + len(quarantined),
        laid_out=frozenset(target.laid_out for target in targets) - {""},
        targets=tuple(targets),
        outside=outside,
    )


def sources_of(photos: list[PhotoFile]) -> list[PhotoSource]:
    """Returns sources that yield the photos in an order that mixes the classes."""
    mixed = sorted(photos, key=lambda photo: mixing_key(photo.target.name))
    starts = range(0, len(mixed), PHOTOS_PER_SOURCE)
    return [PhotoFiles(tuple(mixed[start : start + PHOTOS_PER_SOURCE])) for start in starts]
