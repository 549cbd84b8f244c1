"""Holds what .zip and .tar.gz archives of photos have in common. Nothing is ever unpacked to disk."""

import re
from dataclasses import dataclass
from typing import Protocol, TypeAlias

from components.errors import TransferlineError
from components.image_example_gen.config import ArchiveBounds
from components.image_example_gen.folders import make_listing
from components.image_example_gen.formats import MAGIC_BYTES, format_of
from components.image_example_gen.layout import arrange
from components.image_example_gen.records import MAX_FILE_BYTES, Listing, PhotoRecord, PhotoSource
from components.ingest.report import Quarantined
from components.wording import printable

HARMLESS_MEMBER_BYTES, HARMLESS_ARCHIVE_BYTES = 2**20, 256 * 2**20
"""So little may be packed as densely as it likes: pages of one color are."""

LONGEST_NAME, DEEPEST_NAME = 4_096, 64
"""Characters of a member's name, as of a path on Linux, and folders in it."""

NO_PHOTO_BYTES = 2**20
"""So much is read of a member that doesn't begin as a photo does, to say what it is."""

Entry: TypeAlias = tuple[str, int, int]
"""What tells a member from the one that another archive has in its place: name, size, and checksum or time."""


class PackedFile(Protocol):
    """A member that is open for reading, as `zipfile` and `tarfile` have it."""

    def peek(self, size: int, /) -> bytes:
        """Returns what comes next, which stays to be read."""

    def read(self, size: int, /) -> bytes:
        """Returns so many bytes, or all up to the end."""


@dataclass(frozen=True)
class Member:
    """One file in an archive.

    Attributes:
        index: Its place among all members.
        name: Its path in the archive, with "/" between the parts.
        entry: What the archive says of it, its size in bytes, unpacked, among it.
        fault: Why it can't be used; empty if it can.
    """

    index: int
    name: str
    entry: Entry
    fault: str = ""

    @property
    def size(self) -> int:
        """Its size in bytes, unpacked, as the archive tells it."""
        return self.entry[1]


@dataclass(frozen=True)
class Wanted:
    """A member that is to be read.

    Attributes:
        index: Its place among all members.
        target: What it is.
        entry: What the archive said of it when it was listed.
    """

    index: int
    target: PhotoRecord
    entry: Entry


def usable_name(name: str) -> str:
    """Returns a member's name without "./" and a closing "/"."""
    return "/".join(part for part in name.split("/") if part not in ("", "."))


def name_fault(name: str) -> str:
    """Returns why a member's name can't be trusted; empty if it can."""
    if name.startswith("/") or re.match(r"[A-Za-z]:", name):
        return "the archive gives it an absolute path"
    parts = name.split("/")
    if ".." in parts:
        return "its name leads out of the archive (../)"
    if len(name) > LONGEST_NAME or len(parts) > DEEPEST_NAME:
        return f"its name has {len(name):,} characters and {len(parts):,} parts, more than any folder takes"
    return ""


def shown_name(name: str) -> str:
    """Returns a member's name, no longer than one that is taken."""
    return name if len(name) <= LONGEST_NAME else name[:LONGEST_NAME] + "..."


def size_fault(size: int) -> str:
    """Returns why a member of this many bytes isn't read; empty if it is."""
    if size > MAX_FILE_BYTES:
        return f"it unpacks to {size:,} bytes, more than {MAX_FILE_BYTES // 2**20} MiB (an archive bomb?)"
    return ""


def ratio_fault(size: int, packed: int, bounds: ArchiveBounds) -> str:
    """Returns why a member isn't read that is packed into so few bytes; empty if it is."""
    if size > max(HARMLESS_MEMBER_BYTES, packed * bounds.max_ratio):
        return (
            f"it unpacks from {packed:,} to {size:,} bytes, more than data.archive.max_ratio = {bounds.max_ratio:,} "
            "times as many (an archive bomb?)"
        )
    return ""


def most_unpacked(packed: int, bounds: ArchiveBounds) -> int:
    """Returns to how many bytes a file of so many bytes may unpack."""
    return min(bounds.max_unpacked, max(HARMLESS_ARCHIVE_BYTES, packed * bounds.max_ratio))


def check_members(count: int, bounds: ArchiveBounds, path: str) -> None:
    """Checks that an archive has no more files than it may have.

    Raises:
        TransferlineError: It has.
    """
    if count > bounds.max_members:
        raise TransferlineError(
            f"The archive has more than data.archive.max_members = {bounds.max_members:,} files.",
            place=printable(path),
            cure="If they are meant, set data.archive.max_members to more: each takes some 2 KB of memory.",
        )


def unpacks_to_too_much(path: str, most: int) -> TransferlineError:
    """Returns the error for a file that unpacks to more than `most` bytes."""
    return TransferlineError(
        f"The file unpacks to more than {most:,} bytes, which is what data.archive allows (an archive bomb?).",
        place=printable(path),
        cure="If you know what is in it, set data.archive.max_ratio and data.archive.max_unpacked to more.",
    )


def arrange_members(
    members: list[Member], folders: list[str], aliases: dict[str, str], group_level: int
) -> tuple[list[Wanted], list[Quarantined]]:
    """Returns the members to read, with class and split, and those that can't be used."""
    sound = [member for member in members if not member.fault]
    arranged, empty = arrange([member.name for member in sound], folders, aliases, group_level)
    faults = [
        Quarantined(place=printable(shown_name(member.name)), reason=member.fault) for member in members if member.fault
    ]
    faults += [*empty, *(item for item in arranged if isinstance(item, Quarantined))]
    wanted = [
        Wanted(member.index, item, member.entry)
        for member, item in zip(sound, arranged, strict=True)
        if isinstance(item, PhotoRecord)
    ]
    return wanted, faults


def archive_listing(sources: list[PhotoSource], wanted: list[Wanted], faults: list[Quarantined]) -> Listing:
    """Returns the listing of an archive."""
    return make_listing(sources, [item.target for item in wanted], faults)


def read_bounded(file: PackedFile) -> bytes | None:
    """Returns a member's bytes, or None if there are more than its header may tell; of no photo only the first."""
    if not format_of(file.peek(MAGIC_BYTES)):
        return file.read(NO_PHOTO_BYTES)
    content = file.read(MAX_FILE_BYTES + 1)
    return content if len(content) <= MAX_FILE_BYTES else None


def damaged(path: str, kind: str, error: object) -> TransferlineError:
    """Returns the error for an archive that can't be read to its end."""
    return TransferlineError(
        f"The {kind} archive is truncated or damaged: {error}. Nothing of it was taken.",
        place=printable(path),
        cure="Fetch it again and compare its size and checksum with the source.",
    )


def changed(path: str) -> TransferlineError:
    """Returns the error for an archive that isn't what it was when its photos were listed."""
    return TransferlineError(
        "The archive was changed or replaced while it was read: its members aren't those that were listed.",
        place=printable(path),
        cure="Run again, and leave the archive as it is until the run has read it.",
    )
