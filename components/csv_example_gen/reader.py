"""Reads and counts the rows of a table, whether its files are CSV or Parquet: callers need not ask which."""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TypeAlias, TypeVar

from components.contract import CLASSIFICATION
from components.csv_example_gen import blocks, parquet
from components.csv_example_gen.blocks import Block, Range
from components.csv_example_gen.config import ColumnType, CsvData
from components.csv_example_gen.files import Kind
from components.csv_example_gen.layout import FileLayout, TableLayout
from components.csv_example_gen.parse import Fault, Rows, parse, texts_given
from components.csv_example_gen.rows import records_of
from components.ingest import storage
from components.ingest.gzip_stream import inflate

__all__ = ["Fault", "Piece", "Range", "Reader", "Rows", "evenly", "size_of", "texts_given"]

Piece: TypeAlias = Block | Rows
"""Some rows as they are read: lines of CSV, which are yet to be parsed, or a batch of Parquet, which is typed."""

Item = TypeVar("Item")

MUCH_MORE = 16
"""Times what is asked for: what is read at once may inflate to so much."""


@dataclass(frozen=True)
class Reader:
    """Reads the rows of a table, in pieces that many workers and threads can take in.

    Attributes:
        layout: The files, and the type of each column that is read.
        data: The settings.
    """

    layout: TableLayout
    data: CsvData

    def files(self) -> list[int]:
        """Returns the numbers of the files that have rows."""
        return [number for number, file in enumerate(self.layout.files) if not file.empty]

    def parts(self) -> list[Range]:
        """Returns the ranges of all files, each of which one worker reads."""
        return [part for number in self.files() for part in self._parts_of(number)]

    def spread(self, number: int, pieces: int, size: int) -> list[Range]:
        """Returns ranges from all over a file; all of a small one, and of one that is read from its beginning only.

        Args:
            number: The file's number.
            pieces: How many ranges.
            size: Bytes in all of them.
        """
        file = self.layout.files[number]
        if file.kind is Kind.PARQUET:
            parts = self._parts_of(number)
            return parts if file.size <= size else evenly(parts, pieces)
        length = file.size - file.start
        if length <= size or file.kind is Kind.GZIP or self.data.newlines_in_values:
            return [Range(number, file.start, file.size)]
        step = length // pieces
        return [Range(number, file.start + at * step, file.start + at * step + size // pieces) for at in range(pieces)]

    def count(self, part: Range) -> int:
        """Returns how many rows a range has, those that can't be used among them."""
        file = self.layout.files[part.file]
        if file.kind is Kind.PARQUET:
            return parquet.count_rows(part, file)
        return blocks.count_lines(part, file, newlines_in_values=self.data.newlines_in_values)

    def bytes_to_count(self, number: int) -> int | None:
        """Returns how many bytes are read to count a file's rows; None if they have to be inflated too."""
        file = self.layout.files[number]
        if file.kind is Kind.GZIP:
            return None
        return 0 if file.kind is Kind.PARQUET else file.size

    def length(self, number: int, most: int) -> float:
        """Returns about how many bytes of rows a CSV file has; inflates hardly more than `most` of them to know."""
        file = self.layout.files[number]
        return _inflated(file, most) if file.kind is Kind.GZIP else file.size - file.start

    def pieces(self, part: Range) -> Iterator[Piece]:
        """Yields what is in a range, in pieces of some MB; only this must be done one after the other."""
        file = self.layout.files[part.file]
        if file.kind is Kind.PARQUET:
            return parquet.read_rows(part, file, self.layout.types, self.data)
        return blocks.read_blocks(part, file, newlines_in_values=self.data.newlines_in_values)

    def rows(self, piece: Piece, number: int) -> Rows:
        """Returns the rows of a piece: typed columns, and the lines that make no row. Classes of CSV are text yet.

        Args:
            piece: What `pieces` yielded.
            number: The file's number.
        """
        if isinstance(piece, Rows):
            return piece
        columns = self.layout.files[number].columns
        types: dict[str, ColumnType] = {**dict.fromkeys(columns, "string"), **self.layout.types}
        if self.layout.task == CLASSIFICATION:
            types[self.data.label] = "string"
        rows = parse(piece, columns, types, self.data)
        return replace(rows, table=rows.table.select(list(self.layout.types)))

    def records(self, piece: Piece, number: int) -> Rows:
        """Returns the rows of a piece that can be records, with the columns that records have; arguments as `rows`."""
        return records_of(self.rows(piece, number), self.layout.types, self.data, self.layout.task)

    def texts(self, piece: Piece, number: int) -> Rows | None:
        """Returns the cells of CSV as text; None for Parquet, whose columns have types. Arguments as `rows`."""
        if isinstance(piece, Rows):
            return None
        layout = replace(self.layout, types=dict.fromkeys(self.layout.types, "string"))
        return Reader(layout, self.data.model_copy(update={"missing": ("",)})).rows(piece, number)

    def _parts_of(self, number: int) -> list[Range]:
        return blocks.ranges_of(number, self.layout.files[number], whole=self.data.newlines_in_values)


def size_of(piece: Piece) -> int:
    """Returns about how many bytes a piece has."""
    return len(piece.data) if isinstance(piece, Block) else int(piece.table.nbytes)


def evenly(items: Sequence[Item], count: int) -> list[Item]:
    """Returns at most so many of the items, from the first to the last."""
    if len(items) <= count:
        return list(items)
    return [items[round(at * (len(items) - 1) / (count - 1))] for at in range(count)]


def _inflated(file: FileLayout, most: int) -> float:
    inflated = packed = 0
    with suppress(EOFError, OSError), storage.open_file(file.path) as opened:  # the run says if its end is damaged
        for data in inflate(opened):
            if opened.tell() > packed:  # all that was read before is inflated by now
                if inflated > most:
                    return inflated / packed * file.size
                packed = opened.tell()
            inflated += len(data)
            if inflated > MUCH_MORE * most:
                return inflated / packed * file.size
    return inflated - file.start
