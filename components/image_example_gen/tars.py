"""Finds and reads photos in a .tar.gz archive."""

import gzip
import os
import re
import tarfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO, Any, cast

from components.errors import TransferlineError
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
    most_unpacked,
    name_fault,
    read_bounded,
    shown_name,
    size_fault,
    unpacks_to_too_much,
    usable_name,
)
from components.image_example_gen.config import ArchiveBounds
from components.image_example_gen.records import Listing, PhotoSource, RawPhoto
from components.ingest import storage
from components.ingest.report import Quarantined
from components.wording import printable

HEADER_BYTES = 2**18
"""Bound on the headers of a member: its name, and what systems note of a file."""

GLOBAL_HEADERS = 100
"""Notes that go for all members, each of which tarfile copies for each member."""

_CHUNK_BYTES = 2**20
# tarfile raises the last three on headers that are made up: too many in a row, numbers of thousands of digits, names.
_ENDINGS = (
    *(tarfile.TarError, gzip.BadGzipFile, zlib.error, EOFError, OSError),
    *(RecursionError, ValueError, LookupError),
)
_MANY_DIGITS = re.compile(rb"\d{256}")


class _HeaderError(tarfile.ReadError):
    """A header that may be sound, and is more than is read."""


class _Headers:
    """The bytes of a .tar, of which the headers of a member can't be long, however they are made up.

    tarfile reads a header as a whole, of any length that it says it has; it looks for numbers in one in a time that
    grows with the square of their length (CVE-2024-6232); and it reads on backwards if a size is below 0
    (CVE-2025-8194).
    """

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream
        self._left: int | None = HEADER_BYTES

    def header_begins(self) -> None:
        """Bounds what is read from here on."""
        self._left = HEADER_BYTES

    def header_ended(self) -> None:
        """Lets everything be read."""
        self._left = None

    def read(self, size: int) -> bytes:
        """Returns so many bytes."""
        if self._left is None:
            return self._stream.read(size)
        if not 0 <= size <= self._left:
            raise _HeaderError(f"a header of more than {HEADER_BYTES:,} bytes")
        self._left -= size
        content = self._stream.read(size)
        if _MANY_DIGITS.search(content):
            raise _HeaderError("a header with a number of hundreds of digits")
        return content

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Goes to a byte."""
        return self._stream.seek(offset, whence)

    def tell(self) -> int:
        """Returns where it is."""
        return self._stream.tell()


@dataclass(frozen=True)
class TarMembers:
    """A `PhotoSource` of the members of a .tar.gz, which can only be read from its beginning to its end."""

    path: str
    wanted: tuple[Wanted, ...]
    bounds: ArchiveBounds

    def read(self) -> Iterator[RawPhoto | Quarantined]:
        """Yields each member's bytes, in the order of the archive.

        Raises:
            TransferlineError: The archive was damaged or replaced after it was listed.
        """
        wanted = {item.index: item for item in self.wanted}
        try:
            with _open_tar(self.path) as tar:
                for index, info in enumerate(tar.members(self.path, self.bounds)):
                    item = wanted.pop(index, None)
                    if item is None:
                        continue
                    if _entry(info) != item.entry or not info.isreg():
                        raise changed(self.path)
                    content = read_bounded(cast(PackedFile, tar.archive.extractfile(info)))
                    if content is None:
                        yield Quarantined(place=printable(info.name), reason=size_fault(info.size))
                    else:
                        yield RawPhoto(item.target, content)
        except _ENDINGS as error:
            raise _refused(self.path, error) from error
        if wanted:
            raise changed(self.path)


def list_tar(path: str, aliases: dict[str, str], bounds: ArchiveBounds, group_level: int = 0) -> Listing:
    """Finds the photos in a .tar.gz of class folders, or of split folders of class folders.

    Raises:
        TransferlineError: The archive is truncated or damaged, which only reading to its end tells, or unpacks to more
            than it may.
    """
    members, folders = _contents(path, bounds)
    wanted, faults = arrange_members(members, folders, aliases, group_level)
    sources: list[PhotoSource] = [TarMembers(path, tuple(wanted), bounds)] if wanted else []
    return archive_listing(sources, wanted, faults)


def _contents(path: str, bounds: ArchiveBounds) -> tuple[list[Member], list[str]]:
    members, folders = [], []
    try:
        with _open_tar(path) as tar:
            for index, info in enumerate(tar.members(path, bounds)):
                fault = name_fault(info.name)
                if info.isdir():
                    folders += [] if fault else [usable_name(info.name)]
                    continue
                fault = (
                    fault or ("" if info.isreg() else "it is a link or a device, not a file") or size_fault(info.size)
                )
                name = shown_name(info.name) if fault else usable_name(info.name)
                members.append(Member(index, name, _entry(info), fault))
            tar.check_end(path, bounds)
    except _ENDINGS as error:
        raise _refused(path, error) from error
    return members, [folder for folder in folders if folder]


def _refused(path: str, error: Exception) -> TransferlineError:
    if not isinstance(error, _HeaderError):
        return damaged(path, ".tar.gz", error)
    return TransferlineError(
        f"The .tar.gz archive has {error}, which no photo needs. Nothing of it was taken.",
        place=printable(path),
        cure="Pack it again without extended attributes: tar --no-xattrs.",
    )


def _entry(info: tarfile.TarInfo) -> Entry:
    return info.name, info.size, int(info.mtime)


@dataclass(frozen=True)
class _Tar:
    """An open .tar.gz.

    Attributes:
        archive: Its members.
        headers: What it reads them from.
        stream: The .tar.
        size: Bytes of the .tar.gz.
    """

    archive: tarfile.TarFile
    headers: _Headers
    stream: gzip.GzipFile
    size: int

    def members(self, path: str, bounds: ArchiveBounds) -> Iterator[tarfile.TarInfo]:
        """Yields all members, and keeps none.

        Raises:
            tarfile.TarError: It is damaged.
            TransferlineError: There is more in it than there may be.
        """
        most = most_unpacked(self.size, bounds)
        count = 0
        while True:
            self.headers.header_begins()
            info = self.archive.next()
            self.headers.header_ended()
            if info is None:
                return
            if info.size < 0:
                raise tarfile.ReadError(f"the member {shown_name(info.name)} has a size below 0")
            if len(self.archive.pax_headers) > GLOBAL_HEADERS:
                raise tarfile.ReadError(f"it has more than {GLOBAL_HEADERS} notes on all members")
            if self.archive.offset > most:
                raise unpacks_to_too_much(path, most)
            cast(Any, self.archive).members.clear()
            count += 1
            check_members(count, bounds, path)
            yield info

    def check_end(self, path: str, bounds: ArchiveBounds) -> None:
        """Checks that tarfile stopped at the end, not at a header that it couldn't read; and gzip's own checksum.

        Raises:
            tarfile.TarError: It isn't the end.
            TransferlineError: There is more behind it than there may be.
        """
        most = most_unpacked(self.size, bounds)
        self.stream.seek(self.archive.offset)
        if self.stream.read(tarfile.BLOCKSIZE).strip(b"\0"):
            raise tarfile.ReadError(f"the header at byte {self.archive.offset} is damaged")
        while self.stream.read(_CHUNK_BYTES):
            if self.stream.tell() > most:
                raise unpacks_to_too_much(path, most)


@contextmanager
def _open_tar(path: str) -> Iterator[_Tar]:
    # As plain tar over gzip: tarfile's own "r|gz" takes a truncated file for a complete one.
    with storage.open_file(path) as file:
        size = file.seek(0, os.SEEK_END)
        file.seek(0)
        with gzip.GzipFile(fileobj=file) as stream:
            headers = _Headers(cast(IO[bytes], stream))
            with tarfile.open(fileobj=cast(IO[bytes], headers), mode="r:") as archive:
                yield _Tar(archive, headers, stream, size)
