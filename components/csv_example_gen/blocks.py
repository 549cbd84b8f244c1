"""Cuts files into blocks of whole lines, so that many workers read one file and none holds it as a whole.

A line belongs to the range of bytes that it begins in, as in Hadoop's TextInputFormat; a worker reads past the end of
its range to finish the last one. What can only be read from its beginning, a .gz or a file with line breaks in its
cells, is one range.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import IO

import numpy as np

from components.csv_example_gen.files import Kind
from components.csv_example_gen.layout import FileLayout
from components.csv_example_gen.line_breaks import NEWLINE, QUOTE, line_starts
from components.errors import TransferlineError
from components.ingest import storage
from components.ingest.gzip_stream import inflate
from components.ingest.reasons import BROKEN

RANGE_BYTES = 64 * 2**20
BLOCK_BYTES, BLOCK_LINES = 4 * 2**20, 65_536
MAX_LINE_BYTES = 32 * 2**20


@dataclass(frozen=True)
class Range:
    """A part of a file that one worker reads.

    Attributes:
        file: Number of the file.
        start: First byte; a line belongs to the range that it begins in. For Parquet, the number of a row group.
        end: The byte after the last.
    """

    file: int
    start: int
    end: int


@dataclass(frozen=True)
class Block:
    """Some whole lines.

    Attributes:
        data: Their bytes.
        line: How many lines of the range come before them.
        row: How many rows of the range come before them: fewer, where cells hold line breaks.
        fault: Why nothing can be read after them; empty if all is well.
    """

    data: bytes
    line: int
    row: int
    fault: str = ""


def ranges_of(number: int, file: FileLayout, *, whole: bool, range_bytes: int = RANGE_BYTES) -> list[Range]:
    """Returns the ranges of a file, without its header.

    Args:
        number: The file's number.
        file: The file.
        whole: Whether it can only be read from its beginning.
        range_bytes: The most bytes in a range.
    """
    if file.kind is Kind.PARQUET:
        return [Range(number, group, group + 1) for group in range(file.row_groups)]
    if whole or file.kind is Kind.GZIP:
        return [Range(number, file.start, file.size)]
    starts = range(file.start, file.size, range_bytes)
    return [Range(number, start, min(start + range_bytes, file.size)) for start in starts]


def count_lines(part: Range, file: FileLayout, *, newlines_in_values: bool) -> int:
    """Returns how many lines begin in a range of a CSV file; records, where cells may hold line breaks."""
    if file.kind is Kind.GZIP or newlines_in_values:
        blocks = read_blocks(part, file, newlines_in_values=newlines_in_values)
        return sum(len(line_starts(block.data, newlines_in_values=newlines_in_values)) for block in blocks)
    with storage.open_file(file.path) as opened:
        at = part.start - 1 if part.start > file.start else part.start
        opened.seek(at)
        count = int(part.start == file.start)
        remaining = part.end - 1 - at
        while remaining > 0 and (data := opened.read(min(BLOCK_BYTES, remaining))):
            count += data.count(b"\n")
            remaining -= len(data)
    return count if part.end > part.start else 0


def read_blocks(part: Range, file: FileLayout, *, newlines_in_values: bool = False) -> Iterator[Block]:
    """Yields the lines that begin in a range of a CSV file, in blocks.

    Raises:
        TransferlineError: There is no end of a line for `MAX_LINE_BYTES`.
    """
    with storage.open_file(file.path) as opened:
        if file.kind is Kind.GZIP:
            yield from _cut(_inflated(opened, file), file, newlines_in_values)
        elif newlines_in_values:
            opened.seek(part.start)
            yield from _cut(_chunks(opened, part.end - part.start), file, newlines_in_values)
        else:
            yield from _cut(_owned(opened, part, file), file, newlines_in_values)


def _chunks(opened: IO[bytes], length: int) -> Iterator[bytes]:
    while length > 0 and (data := opened.read(min(BLOCK_BYTES, length))):
        length -= len(data)
        yield data


def _owned(opened: IO[bytes], part: Range, file: FileLayout) -> Iterator[bytes]:
    """The bytes from the first line that begins in a range to the end of the last one that does."""
    start = part.start
    if start > file.start:
        opened.seek(start - 1)
        start += len(opened.readline(MAX_LINE_BYTES)) - 1
    else:
        opened.seek(start)
    if start < part.end:
        last = b""
        for data in _chunks(opened, part.end - start):
            last = data[-1:]
            yield data
        if last != b"\n":
            yield opened.readline(MAX_LINE_BYTES)


def _inflated(opened: IO[bytes], file: FileLayout) -> Iterator[bytes]:
    """The bytes of a .gz after its header.

    Raises:
        EOFError, OSError: The archive is damaged.
    """
    skipped = file.start
    for data in inflate(opened):
        yield data[skipped:]
        skipped = max(0, skipped - len(data))


def _cut(chunks: Iterator[bytes], file: FileLayout, newlines_in_values: bool) -> Iterator[Block]:
    """Cuts a stream at ends of lines; what a damaged archive still gives is kept."""
    rest, line, row, fault = b"", 0, 0, ""
    try:
        for chunk in _gathered(chunks):
            data = rest + chunk
            at = _last_end(data, newlines_in_values)
            rest = data[at:]
            for part in _few_lines(data[:at], newlines_in_values) if at else ():
                yield Block(part, line, row)
                lines = part.count(b"\n")
                line += lines
                row += _ends(part) if newlines_in_values else lines
            if len(rest) > MAX_LINE_BYTES:
                raise TransferlineError(
                    f"There is no end of a line for {len(rest):,} bytes.",
                    place=f"{file.name}, line {line + file.header_lines + 1}",
                    cure="Check that the file is CSV, and that every quote is closed.",
                )
    except (EOFError, OSError) as error:
        # The line that the archive breaks off in isn't whole either.
        fault, rest = f"{BROKEN}: {error}", b""
    if rest or fault:
        yield Block(rest, line, row, fault)


def _few_lines(data: bytes, newlines_in_values: bool) -> Iterator[bytes]:
    """Cuts lines into parts of no more than `BLOCK_LINES`: as faults, short ones take much more than their bytes."""
    if len(data) > BLOCK_LINES and data.count(b"\n") > BLOCK_LINES:
        starts = line_starts(data, newlines_in_values=newlines_in_values)
        cuts = [*map(int, starts[::BLOCK_LINES]), len(data)]
        yield from (data[start:end] for start, end in pairwise(cuts))
    else:
        yield data


def _gathered(chunks: Iterator[bytes]) -> Iterator[bytes]:
    """Puts small pieces together to about `BLOCK_BYTES`; an error of the stream comes after what was before it."""
    pieces: list[bytes] = []
    held = 0
    try:
        for chunk in chunks:
            pieces.append(chunk)
            held += len(chunk)
            if held >= BLOCK_BYTES:
                yield b"".join(pieces)
                pieces, held = [], 0
    except (EOFError, OSError):
        yield b"".join(pieces)
        raise
    yield b"".join(pieces)


def _ends(data: bytes) -> int:
    """Returns the number of ends of lines outside of quotes."""
    array = np.frombuffer(data, np.uint8)
    return int(np.count_nonzero((array == NEWLINE) & (np.cumsum(array == QUOTE) % 2 == 0)))


def _last_end(data: bytes, newlines_in_values: bool) -> int:
    """Returns the offset after the last line that is whole."""
    if not newlines_in_values or b'"' not in data:
        return data.rfind(b"\n") + 1
    array = np.frombuffer(data, np.uint8)
    ends = np.flatnonzero((array == NEWLINE) & (np.cumsum(array == QUOTE) % 2 == 0))
    return int(ends[-1]) + 1 if len(ends) else 0
