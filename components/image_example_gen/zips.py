"""Finds and reads photos in a .zip archive."""

import lzma
import stat
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import cast

from components.image_example_gen.archives import (
    Entry,
    Member,
    PackedFile,
    Wanted,
    archive_listing,
    arrange_members,
    changed,
    check_members,
    damaged,
    name_fault,
    ratio_fault,
    read_bounded,
    size_fault,
    unpacks_to_too_much,
    usable_name,
)
from components.image_example_gen.config import ArchiveBounds
from components.image_example_gen.names import mixing_key
from components.image_example_gen.records import Listing, PhotoSource, RawPhoto
from components.ingest import storage
from components.ingest.report import Quarantined
from components.wording import printable

MEMBERS_PER_SOURCE, SOURCES = 100, 64
"""The archive is opened, and its table of contents read, once for this many photos, but not much more often than that:
it would take a time that grows with the square of its members."""

REMOTE_MEMBERS, REMOTE_BYTES = 500, 64 * 2**20
"""The same of an archive that comes over a network, where that takes some requests; so many bytes are held at once."""

_ENCRYPTED, _IS_UTF8 = 0x1, 0x800
_UNFLAGGED = "cp437"
"""What Python takes names for that aren't flagged as UTF-8."""

# Python's packers each raise their own.
_UNPACKABLE = (
    *(zipfile.BadZipFile, zlib.error, lzma.LZMAError),
    *(EOFError, NotImplementedError, RuntimeError, OSError, ValueError),
)
_UNREADABLE = (zipfile.BadZipFile, OSError, EOFError, ValueError, NotImplementedError)

HEADER_BYTES = 30
"""The least that lies between a member's offset and its bytes."""


@dataclass(frozen=True)
class ZipMembers:
    """A `PhotoSource` of some members of a .zip."""

    path: str
    wanted: tuple[Wanted, ...]

    def read(self) -> Iterator[RawPhoto | Quarantined]:
        """Yields each member's bytes, or why they can't be read.

        Raises:
            TransferlineError: The archive isn't the one that was listed.
        """
        try:
            with storage.open_file(self.path) as file, zipfile.ZipFile(file) as archive:
                yield from self._read(archive, archive.infolist())
        except _UNREADABLE as error:
            raise changed(self.path) from error

    def _read(self, archive: zipfile.ZipFile, members: Sequence[zipfile.ZipInfo]) -> Iterator[RawPhoto | Quarantined]:
        if not all(item.index < len(members) and _entry(members[item.index]) == item.entry for item in self.wanted):
            raise changed(self.path)
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
            content = read_bounded(cast(PackedFile, file))
    except _UNPACKABLE as error:
        return Quarantined(place=printable(item.target.name), reason=f"damaged in the archive: {printable(str(error))}")
    if content is None:
        return Quarantined(place=printable(item.target.name), reason=size_fault(info.file_size) or "an archive bomb")
    return RawPhoto(item.target, content)


def list_zip(path: str, aliases: dict[str, str], bounds: ArchiveBounds, group_level: int = 0) -> Listing:
    """Finds the photos in a .zip of class folders, or of split folders of class folders.

    Raises:
        TransferlineError: The archive is truncated or damaged, or unpacks to more than it may.
    """
    members, folders = _contents(path, bounds)
    wanted, faults = arrange_members(members, folders, aliases, group_level)
    wanted.sort(key=lambda item: mixing_key(item.target.name))
    sizes = {member.index: member.size for member in members}
    at_once = max(MEMBERS_PER_SOURCE, -(-len(wanted) // SOURCES))
    most, most_bytes = (at_once, None) if storage.is_local(path) else (REMOTE_MEMBERS, REMOTE_BYTES)
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


def _contents(path: str, bounds: ArchiveBounds) -> tuple[list[Member], list[str]]:
    members, folders = [], []
    try:
        with storage.open_file(path) as file, zipfile.ZipFile(file) as archive:
            infos = archive.infolist()
    except _UNREADABLE as error:
        raise damaged(path, ".zip", printable(str(error))) from error
    check_members(len(infos), bounds, path)
    overlapping = _overlapping(infos)
    for index, info in enumerate(infos):
        name = _name(info).replace("\\", "/")  # as some programs on Windows write it.
        fault = name_fault(name)
        if not name.endswith("/"):
            fault = fault or _fault(info, bounds)
            if not fault and index in overlapping:
                fault = "its bytes are those of another member too (an archive bomb?)"
            members.append(Member(index, name if fault else usable_name(name), _entry(info), fault))
        elif not fault:
            folders.append(usable_name(name))
    if sum(member.size for member in members if not member.fault) > bounds.max_unpacked:
        raise unpacks_to_too_much(path, bounds.max_unpacked)
    return members, [folder for folder in folders if folder]


def _name(info: zipfile.ZipInfo) -> str:
    """Returns a member's name; Linux's `zip` and macOS write UTF-8 without the flag that says so."""
    if info.flag_bits & _IS_UTF8:
        return info.filename
    try:
        return info.filename.encode(_UNFLAGGED).decode()
    except UnicodeError:
        return info.filename


def _entry(info: zipfile.ZipInfo) -> Entry:
    return info.filename, info.file_size, info.CRC


def _fault(info: zipfile.ZipInfo, bounds: ArchiveBounds) -> str:
    if info.flag_bits & _ENCRYPTED:
        return "it is encrypted"
    if stat.S_ISLNK(info.external_attr >> 16):
        return "it is a link, not a file"
    return size_fault(info.file_size) or ratio_fault(info.file_size, info.compress_size, bounds)


def _overlapping(infos: Sequence[zipfile.ZipInfo]) -> set[int]:
    """Returns the numbers of members that share bytes with another one, as Python refuses to read from 3.10.14 on."""
    found: set[int] = set()
    end, ends_last = 0, -1
    for index in sorted(range(len(infos)), key=lambda index: infos[index].header_offset):
        info = infos[index]
        if info.header_offset < end:
            found |= {index, ends_last}
        if (its_end := info.header_offset + HEADER_BYTES + info.compress_size) > end:
            end, ends_last = its_end, index
    return found
