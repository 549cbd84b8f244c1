"""Reads .gz files piece by piece, so that what comes before a damage isn't lost with it."""

from collections.abc import Iterator
from typing import IO

from isal import isal_zlib

READ_BYTES, INFLATED_BYTES = 2**20, 4 * 2**20
GZIP_FORMAT = 31
"""The value of zlib's `wbits` that means: a gzip header and footer around it."""


def inflate(opened: IO[bytes]) -> Iterator[bytes]:
    """Yields the content, all members of the file, in pieces of a bounded size; nothing for a file without bytes.

    Raises:
        EOFError: The file ends in the middle; what could be read was yielded before.
        OSError: It is damaged, or isn't gzip.
    """
    stream = isal_zlib.decompressobj(wbits=GZIP_FORMAT)
    empty = True
    while data := opened.read(READ_BYTES):
        empty = False
        while data:
            if stream.eof:
                stream = isal_zlib.decompressobj(wbits=GZIP_FORMAT)
            try:
                inflated = stream.decompress(data, INFLATED_BYTES)
            except isal_zlib.IsalError as error:  # type: ignore[misc]  # its stub says it's a value
                raise OSError(str(error)) from error
            if inflated:
                yield inflated
            # Zeros may follow the last member, to fill a block of a tape.
            data = stream.unused_data.lstrip(b"\0") if stream.eof else stream.unconsumed_tail
    if not (empty or stream.eof):
        raise EOFError("the compressed data has no end")
