"""Finds and reads photos in a .zip archive."""

import stat
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

from components.image_example_gen.archives import (
    Member,
    Wanted,
    archive_listing,
    arrange_members,
    damaged,
    name_fault,
    read_bounded,
    size_fault,
    usable_name,
)
from components.image_example_gen.names import mixing_key
from components.image_example_gen.records import Listing, PhotoSource, RawPhoto
from components.ingest import storage
from components.ingest.report import Quarantined
from components.wording import printable

MEMBERS_PER_SOURCE = 100
"""The archive is opened, and its table of contents read, once for this many photos."""

REMOTE_MEMBERS, REMOTE_BYTES = 500, 64 * 2**20
"""The same of an archive that comes over a network, where that takes some requests; so many bytes are held at once."""

_ENCRYPTED = 0x1


@dataclass(frozen=True)
class ZipMembers:
    """A `PhotoSource` of some members of a .zip."""

    path: str
    wanted: tuple[Wanted, ...]

    def read(self) -> Iterator[RawPhoto | Quarantined]:
        """Yields each member's bytes, or why they can't be read."""
        with storage.open_file(self.path) as file, zipfile.ZipFile(file) as archive:
            members = archive.infolist()
            if storage.is_local(self.path):
                for item in self.wanted:
                    yield _read_member(archive, members[item.index], item)
                return
            # In the order in which they lie there, which is a few long stretches, not a request each.
            as_they_lie = sorted(self.wanted, key=lambda item: members[item.index].header_offset)
            read = {item.index: _read_member(archive, members[item.index], item) for item in as_they_lie}
            yield from (read[item.index] for item in self.wanted)


def _read_member(archive: zipfile.ZipFile, info: zipfile.ZipInfo, item: Wanted) -> RawPhoto | Quarantined:
    try:
        with archive.open(info) as file:
            content = read_bounded(file)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, OSError) as error:
        return Quarantined(place=printable(item.target.name), reason=f"damaged in the archive: {printable(str(error))}")
    if content is None:
        return Quarantined(place=printable(item.target.name), reason=size_fault(info.file_size) or "an archive bomb")
    return RawPhoto(item.target, content)


def list_zip(path: str, aliases: dict[str, str], group_level: int = 0) -> Listing:
    """Finds the photos in a .zip of class folders, or of split folders of class folders.

    Raises:
        TransferlineError: The archive is truncated or damaged.
    """
    members, folders = _contents(path)
    wanted, faults = arrange_members(members, folders, aliases, group_level)
    wanted.sort(key=lambda item: mixing_key(item.target.name))
    sizes = {member.index: member.size for member in members}
    most, most_bytes = (MEMBERS_PER_SOURCE, None) if storage.is_local(path) else (REMOTE_MEMBERS, REMOTE_BYTES)
    sources: list[PhotoSource] = [ZipMembers(path, part) for part in _parts(wanted, sizes, most, most_bytes)]
    return archive_listing(sources, wanted, faults)


def _parts(
    wanted: list[Wanted], sizes: dict[int, int], most: int, most_bytes: int | None
) -> Iterator[tuple[Wanted, ...]]:
    """Yields so many members at a time, and of no more bytes, but for a single one that has more."""
    part: list[Wanted] = []
    held = 0
    for item in wanted:
        size = sizes[item.index]
        if part and (len(part) == most or (most_bytes is not None and held + size > most_bytes)):
            yield tuple(part)
            part, held = [], 0
        part.append(item)
        held += size
    if part:
        yield tuple(part)


def _contents(path: str) -> tuple[list[Member], list[str]]:
    members, folders = [], []
    try:
        with storage.open_file(path) as file, zipfile.ZipFile(file) as archive:
            for index, info in enumerate(archive.infolist()):
                name = info.filename.replace("\\", "/")  # as some programs on Windows write it.
                fault = name_fault(name)
                if not name.endswith("/"):
                    fault = fault or _fault(info) or size_fault(info.file_size)
                    members.append(Member(index, name if fault else usable_name(name), info.file_size, fault))
                elif not fault:
                    folders.append(usable_name(name))
    except (zipfile.BadZipFile, OSError, EOFError, ValueError, NotImplementedError) as error:
        raise damaged(path, ".zip", printable(str(error))) from error
    return members, [folder for folder in folders if folder]


def _fault(info: zipfile.ZipInfo) -> str:
    if info.flag_bits & _ENCRYPTED:
        return "it is encrypted"
    if stat.S_ISLNK(info.external_attr >> 16):
        return "it is a link, not a file"
    return ""
