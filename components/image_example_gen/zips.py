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
            for item in self.wanted:
                yield _read_member(archive, members[item.index], item)


def _read_member(archive: zipfile.ZipFile, info: zipfile.ZipInfo, item: Wanted) -> RawPhoto | Quarantined:
    try:
        with archive.open(info) as file:
            content = read_bounded(file)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, OSError) as error:
        return Quarantined(place=printable(item.target.name), reason=f"damaged in the archive: {printable(str(error))}")
    if content is None:
        return Quarantined(place=printable(item.target.name), reason=size_fault(info.file_size) or "an archive bomb")
    return RawPhoto(item.target, content)


def list_zip(path: str, aliases: dict[str, str]) -> Listing:
    """Finds the photos in a .zip of class folders, or of split folders of class folders.

    Raises:
        TransferlineError: The archive is truncated or damaged.
    """
    members, folders = _contents(path)
    wanted, faults = arrange_members(members, folders, aliases)
    wanted.sort(key=lambda item: mixing_key(item.target.name))
    sources: list[PhotoSource] = [
        ZipMembers(path, tuple(wanted[start : start + MEMBERS_PER_SOURCE]))
        for start in range(0, len(wanted), MEMBERS_PER_SOURCE)
    ]
    return archive_listing(sources, wanted, faults)


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
