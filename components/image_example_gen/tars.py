"""Finds and reads photos in a .tar.gz archive."""

import gzip
import tarfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO, cast

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
from components.image_example_gen.records import Listing, PhotoSource, RawPhoto
from components.ingest import storage
from components.ingest.report import Quarantined
from components.wording import printable

_CHUNK_BYTES = 2**20
_ENDINGS = (tarfile.TarError, gzip.BadGzipFile, zlib.error, EOFError, OSError)


@dataclass(frozen=True)
class TarMembers:
    """A `PhotoSource` of the members of a .tar.gz, which can only be read from its beginning to its end."""

    path: str
    wanted: tuple[Wanted, ...]

    def read(self) -> Iterator[RawPhoto | Quarantined]:
        """Yields each member's bytes, in the order of the archive.

        Raises:
            TransferlineError: The archive was damaged after it was listed.
        """
        targets = {item.index: item.target for item in self.wanted}
        try:
            with _open_tar(self.path) as (archive, _):
                for index, info in enumerate(archive):
                    if index not in targets:
                        continue
                    content = read_bounded(cast(IO[bytes], archive.extractfile(info)))
                    if content is None:
                        yield Quarantined(place=printable(info.name), reason=size_fault(info.size))
                    else:
                        yield RawPhoto(targets[index], content)
        except _ENDINGS as error:
            raise damaged(self.path, ".tar.gz", error) from error


def list_tar(path: str, aliases: dict[str, str], group_level: int = 0) -> Listing:
    """Finds the photos in a .tar.gz of class folders, or of split folders of class folders.

    Raises:
        TransferlineError: The archive is truncated or damaged; it is read to its end to know.
    """
    members, folders = _contents(path)
    wanted, faults = arrange_members(members, folders, aliases, group_level)
    sources: list[PhotoSource] = [TarMembers(path, tuple(wanted))] if wanted else []
    return archive_listing(sources, wanted, faults)


def _contents(path: str) -> tuple[list[Member], list[str]]:
    members, folders = [], []
    try:
        with _open_tar(path) as (archive, stream):
            for index, info in enumerate(archive):
                fault = name_fault(info.name)
                if info.isdir():
                    folders += [] if fault else [usable_name(info.name)]
                    continue
                fault = (
                    fault or ("" if info.isreg() else "it is a link or a device, not a file") or size_fault(info.size)
                )
                members.append(Member(index, info.name if fault else usable_name(info.name), info.size, fault))
            _check_end(archive, stream)
    except _ENDINGS as error:
        raise damaged(path, ".tar.gz", error) from error
    return members, [folder for folder in folders if folder]


def _check_end(archive: tarfile.TarFile, stream: gzip.GzipFile) -> None:
    """Checks that tarfile stopped at the end, and not at a header it couldn't read; and gzip's own checksum."""
    stream.seek(archive.offset)
    if stream.read(tarfile.BLOCKSIZE).strip(b"\0"):
        raise tarfile.ReadError(f"the header at byte {archive.offset} is damaged")
    while stream.read(_CHUNK_BYTES):
        pass


@contextmanager
def _open_tar(path: str) -> Iterator[tuple[tarfile.TarFile, gzip.GzipFile]]:
    # As plain tar over gzip: tarfile's own "r|gz" takes a truncated file for a complete one.
    with (
        storage.open_file(path) as file,
        gzip.GzipFile(fileobj=file) as stream,
        tarfile.open(fileobj=stream, mode="r:") as archive,
    ):
        yield archive, stream
