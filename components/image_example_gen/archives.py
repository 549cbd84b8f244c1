"""Holds what .zip and .tar.gz archives of photos have in common. Nothing is ever unpacked to disk."""

import re
from dataclasses import dataclass
from typing import IO

from components.errors import TransferlineError
from components.image_example_gen.folders import make_listing
from components.image_example_gen.layout import arrange
from components.image_example_gen.records import MAX_FILE_BYTES, Listing, PhotoRecord, PhotoSource
from components.ingest.report import Quarantined
from components.wording import printable


@dataclass(frozen=True)
class Member:
    """One file in an archive.

    Attributes:
        index: Its place among all members.
        name: Its path in the archive, with "/" between the parts.
        size: Its size in bytes, unpacked, as the archive tells it.
        fault: Why it can't be used; empty if it can.
    """

    index: int
    name: str
    size: int
    fault: str = ""


@dataclass(frozen=True)
class Wanted:
    """A member that is to be read."""

    index: int
    target: PhotoRecord


def usable_name(name: str) -> str:
    """Returns a member's name without "./" and a closing "/"."""
    return "/".join(part for part in name.split("/") if part not in ("", "."))


def name_fault(name: str) -> str:
    """Returns why a member's name can't be trusted; empty if it can."""
    if name.startswith("/") or re.match(r"[A-Za-z]:", name):
        return "the archive gives it an absolute path"
    if ".." in name.split("/"):
        return "its name leads out of the archive (../)"
    return ""


def size_fault(size: int) -> str:
    """Returns why a member of this many bytes isn't read; empty if it is."""
    if size > MAX_FILE_BYTES:
        return f"it unpacks to {size:,} bytes, more than {MAX_FILE_BYTES // 2**20} MiB (an archive bomb?)"
    return ""


def arrange_members(
    members: list[Member], folders: list[str], aliases: dict[str, str], group_level: int
) -> tuple[list[Wanted], list[Quarantined]]:
    """Returns the members to read, with class and split, and those that can't be used."""
    sound = [member for member in members if not member.fault]
    arranged, empty = arrange([member.name for member in sound], folders, aliases, group_level)
    faults = [Quarantined(place=printable(member.name), reason=member.fault) for member in members if member.fault]
    faults += [*empty, *(item for item in arranged if isinstance(item, Quarantined))]
    wanted = [
        Wanted(member.index, item)
        for member, item in zip(sound, arranged, strict=True)
        if isinstance(item, PhotoRecord)
    ]
    return wanted, faults


def archive_listing(sources: list[PhotoSource], wanted: list[Wanted], faults: list[Quarantined]) -> Listing:
    """Returns the listing of an archive."""
    return make_listing(sources, [item.target for item in wanted], faults)


def read_bounded(file: IO[bytes]) -> bytes | None:
    """Returns a member's bytes, or None if there are more than its header may tell."""
    content = file.read(MAX_FILE_BYTES + 1)
    return content if len(content) <= MAX_FILE_BYTES else None


def damaged(path: str, kind: str, error: object) -> TransferlineError:
    """Returns the error for an archive that can't be read to its end."""
    return TransferlineError(
        f"The {kind} archive is truncated or damaged: {error}. Nothing of it was taken.",
        place=printable(path),
        cure="Fetch it again and compare its size and checksum with the source.",
    )
