"""Reads the records of a TFRecord file, without making room for any that is too large.

TensorFlow makes room for as many bytes as a record says it has. The format is that of
tensorflow/core/lib/io/record_reader.h: length (8 bytes, little endian), its checksum, the record, its checksum.
"""

import os
import struct
from collections.abc import Iterator
from typing import IO, cast

import google_crc32c
from isal import igzip, isal_zlib

from components.errors import TransferlineError
from components.image_example_gen.archives import most_unpacked, unpacks_to_too_much
from components.image_example_gen.config import ArchiveBounds
from components.image_example_gen.records import MAX_FILE_BYTES
from components.ingest import storage
from components.wording import printable

_GZIP_MAGIC = b"\x1f\x8b"
_HEADER = struct.Struct("<QI")
_CHECKSUM = struct.Struct("<I")
_CHUNK_BYTES = 2**20
_MASK = 0xA282EAD8


def records_of(path: str, bounds: ArchiveBounds) -> Iterator[bytes | None]:
    """Yields each record; None for one that is larger than a photo may be.

    Raises:
        TransferlineError: The file is truncated or damaged, or unpacks to more than it may.
    """
    try:
        with storage.open_file(path) as file:
            if file.read(len(_GZIP_MAGIC)) != _GZIP_MAGIC:
                file.seek(0)
                yield from _records(file, path, None)
                return
            most = most_unpacked(file.seek(0, os.SEEK_END), bounds)
            file.seek(0)
            with igzip.IGzipFile(fileobj=file) as stream:
                yield from _records(cast(IO[bytes], stream), path, most)
    except (OSError, EOFError, isal_zlib.IsalError) as error:  # type: ignore[misc]  # its stub says it's a value
        raise damaged(path, str(error)) from error


def damaged(path: str, what: str) -> TransferlineError:
    """Returns the error for a file that can't be read to its end."""
    return TransferlineError(
        f"The TFRecord file is truncated or damaged: {printable(what)}. Nothing of it was taken.",
        place=printable(path),
        cure="Write it again, or take it out of the data.",
    )


def _records(file: IO[bytes], path: str, most: int | None) -> Iterator[bytes | None]:
    number = position = 0
    while header := file.read(_HEADER.size):
        number += 1
        if len(header) < _HEADER.size:
            raise damaged(path, f"record {number} breaks off")
        length, checksum = _HEADER.unpack(header)
        if _masked(google_crc32c.value(header[:8])) != checksum:
            raise damaged(path, f"the length of record {number} is wrong")
        position += _HEADER.size + length + _CHECKSUM.size
        if most is not None and position > most:
            raise unpacks_to_too_much(path, most)
        if length > MAX_FILE_BYTES:
            record, crc = None, _checksum_of(file, length)
        else:
            record = file.read(length)
            crc = google_crc32c.value(record)
        expected = file.read(_CHECKSUM.size)
        if len(expected) < _CHECKSUM.size or (record is not None and len(record) < length):
            raise damaged(path, f"record {number} breaks off")
        if _masked(crc) != _CHECKSUM.unpack(expected)[0]:
            raise damaged(path, f"the checksum of record {number} is wrong")
        yield record


def _checksum_of(file: IO[bytes], length: int) -> int:
    crc = 0
    while length > 0 and (chunk := file.read(min(length, _CHUNK_BYTES))):
        crc = google_crc32c.extend(crc, chunk)
        length -= len(chunk)
    return crc


def _masked(crc: int) -> int:
    return ((crc >> 15 | crc << 17) + _MASK) & 0xFFFFFFFF
