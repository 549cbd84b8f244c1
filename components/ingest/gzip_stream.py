"""Reads .gz files piece by piece, so that what comes before a damage isn't lost with it."""

from collections.abc import Iterator
from typing import IO

from isal import isal_zlib

READ_BYTES, INFLATED_BYTES = 2**20, 4 * 2**20
FIRST_BYTES = 4096
"""So much is given of a member at first, and twice as much each time: what it leaves of that is copied, and a file may
have a member for each of its lines."""

GZIP_FORMAT = 31
"""The value of zlib's `wbits` that means: a gzip header and footer around it."""


def inflate(opened: IO[bytes]) -> Iterator[bytes]:
    """Yields the content, all members of the file, in pieces of a bounded size; nothing for a file without bytes.

    Raises:
        EOFError: The file ends in the middle; what could be read was yielded before.
        OSError: It is damaged, or isn't gzip.
    """
    stream, fed = isal_zlib.decompressobj(wbits=GZIP_FORMAT), FIRST_BYTES
    empty = True
    while data := opened.read(READ_BYTES):
        empty = False
        at = 0
        while at < len(data):
            if stream.eof:
                # Zeros may follow the last member, to fill a block of a tape.
                at = _after_zeros(data, at)
                if at == len(data):
                    break
                stream, fed = isal_zlib.decompressobj(wbits=GZIP_FORMAT), FIRST_BYTES
            piece = data[at : at + fed]
            try:
                inflated = stream.decompress(piece, INFLATED_BYTES)
            except isal_zlib.IsalError as error:  # type: ignore[misc]  # its stub says it's a value
                raise OSError(str(error)) from error
            if inflated:
                yield inflated
            at += len(piece) - len(stream.unused_data if stream.eof else stream.unconsumed_tail)
            fed = min(2 * fed, READ_BYTES)
    if not (empty or stream.eof):
        raise EOFError("the compressed data has no end")


def _after_zeros(data: bytes, at: int) -> int:
    """Returns the offset of the first byte that isn't zero, from an offset on."""
    while at < len(data):
        piece = data[at : at + FIRST_BYTES]
        if rest := piece.lstrip(b"\0"):
            return at + len(piece) - len(rest)
        at += len(piece)
    return at
