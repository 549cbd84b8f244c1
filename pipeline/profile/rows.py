"""Looks at someone's rows: reads some of them as CsvExampleGen would, and says what is in the columns."""

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import TypeVar

from components.arrow import pa, pc
from components.contract import LABEL
from components.csv_example_gen.blocks import Block, Range, ranges_of, read_blocks
from components.csv_example_gen.config import ColumnType, CsvData
from components.csv_example_gen.files import Kind, list_files
from components.csv_example_gen.layout import FileLayout, Layout, find_layout
from components.csv_example_gen.parquet import count_rows, read_rows
from components.csv_example_gen.parse import FLOAT_PATTERN, Rows, parse
from components.csv_example_gen.rows import records_of
from components.errors import TransferlineError
from components.ingest import storage
from components.ingest.gzip_stream import inflate
from components.ingest.report import Quarantined
from pipeline.profile.columns import Column, look_at_columns
from pipeline.profile.table_format import MISSING, table_format

SAMPLE_BYTES = 24 * 2**20
SAMPLE_FILES = 8
SAMPLE_PIECES = 6
MOSTLY_NUMBERS = 0.95
LINE_BREAKS = "newlines_in_values"
SHOWN_FAULTS = 100

Item = TypeVar("Item")


@dataclass(frozen=True)
class RowFindings:
    """What was found.

    Attributes:
        data: How the rows are read.
        splits: The splits that the files' names name; "" for a file that names none.
        rows: How many there are; about, unless all were read.
        read: How many were read.
        faults: Those of them that would be quarantined; the first.
        fault_count: How many that are.
        classes: Rows read by class.
        label_is_continuous: Whether the label is of numbers with fractions.
        columns: The other columns.
    """

    data: CsvData
    splits: frozenset[str]
    rows: int
    read: int
    faults: tuple[Quarantined, ...]
    fault_count: int
    classes: dict[str, int]
    label_is_continuous: bool
    columns: tuple[Column, ...]

    @property
    def all_read(self) -> bool:
        """Whether nothing is left that wasn't looked at."""
        return self.read >= self.rows


@dataclass(frozen=True)
class _Sample:
    """Some lines, or rows, from all over the files.

    Attributes:
        blocks: Whole lines by the number of their file; of Parquet, rows.
        whole: Whether these are all there are.
        rows: How many rows of Parquet there are; 0 for CSV.
        size: About how many bytes the files have, inflated.
    """

    blocks: tuple[tuple[int, Block | Rows], ...]
    whole: bool
    rows: int
    size: float


def look_at_rows(path: str, label: str, *, header: bool | None = None) -> RowFindings:
    """Reads some rows from all over the data.

    Args:
        path: As `CsvData.path`.
        label: The label's column, by its name or its place.
        header: Whether the first line names the columns; None to look.

    Raises:
        TransferlineError: The files are no table, or have no such column.
    """
    files = list_files(path)
    data = table_format(files, path, label, header=header)
    layout = find_layout(files, data, {})
    sample = _sample(layout, data)
    texts = _texts(layout, data, sample)
    if any(LINE_BREAKS in fault.reason for rows in texts for fault in rows.faults):
        data = data.model_copy(update={LINE_BREAKS: True})
        layout = find_layout(files, data, {})
        sample = _sample(layout, data)
        texts = _texts(layout, data, sample)
    if texts:
        data = _settled(data, layout, pa.concat_tables([rows.table.select(list(layout.types)) for rows in texts]))
        layout = find_layout(files, data, {})
    return _findings(data, layout, sample)


def _findings(data: CsvData, layout: Layout, sample: _Sample) -> RowFindings:
    tables, faults, count = [], [], 0
    names = [LABEL if name == data.label else name for name in layout.types]  # each file has its own order
    for number, block in sample.blocks:
        file = layout.files[number]
        rows = block if isinstance(block, Rows) else parse(block, file.columns, layout.types, data)
        rows = records_of(rows, layout.types, data)
        tables.append(rows.table.select(names))
        count += rows.count
        faults += [Quarantined(place=file.name, reason=fault.reason) for fault in rows.faults]
    if not tables or not sum(table.num_rows for table in tables):
        reasons = "; ".join(fault.reason for fault in faults[:3])
        raise TransferlineError(
            "no row could be read" + (f": {reasons}" if reasons else ""), place=data.path, cure="check the file"
        )
    table = pa.concat_tables(tables).combine_chunks()
    counts = Counter({each["values"]: each["counts"] for each in pc.value_counts(table[LABEL]).to_pylist()})
    return RowFindings(
        data=data,
        splits=frozenset(file.split for file in layout.files if not file.empty),
        rows=count if sample.whole else _rows_in_all(sample, count),
        read=count,
        faults=tuple(faults[:SHOWN_FAULTS]),
        fault_count=len(faults),
        classes=dict(sorted(counts.items())),
        label_is_continuous=layout.types[data.label] == "float" and not all(map(_is_whole, counts)),
        columns=look_at_columns(table, layout.types, data.label),
    )


def _is_whole(label: str) -> bool:
    return label.removeprefix("-").isdecimal()


def _rows_in_all(sample: _Sample, count: int) -> int:
    read = sum(len(block.data) for _, block in sample.blocks if isinstance(block, Block))
    return sample.rows or round(count * sample.size / max(read, 1))


def _sample(layout: Layout, data: CsvData) -> _Sample:
    chosen = _spread([number for number, file in enumerate(layout.files) if not file.empty], SAMPLE_FILES)
    budget = SAMPLE_BYTES // max(len(chosen), 1)
    blocks: list[tuple[int, Block | Rows]] = []
    for number in chosen:
        file = layout.files[number]
        read = _parquet_rows if file.kind is Kind.PARQUET else _csv_blocks
        blocks += [(number, block) for block in read(number, layout, data, budget)]
    in_parquet = [file for file in layout.files if file.kind is Kind.PARQUET]
    rows = sum(count_rows(part, file) for file in in_parquet for part in ranges_of(0, file, whole=False))
    sizes = [_inflated_size(file) for file in layout.files if file.kind is not Kind.PARQUET]
    read_rows_count = sum(block.count for _, block in blocks if isinstance(block, Rows))
    read_bytes = sum(len(block.data) for _, block in blocks if isinstance(block, Block))
    whole = read_rows_count >= rows and len(chosen) == sum(not file.empty for file in layout.files)
    return _Sample(tuple(blocks), whole and read_bytes >= sum(sizes), rows, sum(sizes))


def _parquet_rows(number: int, layout: Layout, data: CsvData, budget: int) -> Iterator[Rows]:
    del data
    file = layout.files[number]
    parts = _spread(ranges_of(number, file, whole=False), SAMPLE_PIECES)
    for part in parts:
        left = budget / len(parts)
        for rows in read_rows(part, file, layout.types):
            yield rows
            left -= rows.table.nbytes
            if left <= 0:
                break


def _csv_blocks(number: int, layout: Layout, data: CsvData, budget: int) -> Iterator[Block]:
    file, newlines = layout.files[number], data.newlines_in_values
    if file.kind is Kind.GZIP or newlines or file.size - file.start <= budget:
        left = budget
        for block in read_blocks(Range(number, file.start, file.size), file, newlines_in_values=newlines):
            yield block
            left -= len(block.data)
            if left <= 0:
                return
    else:
        step = (file.size - file.start) // SAMPLE_PIECES
        for start in range(file.start, file.size - step + 1, step):
            yield from read_blocks(Range(number, start, start + budget // SAMPLE_PIECES), file)


def _inflated_size(file: FileLayout) -> float:
    """About how many bytes of rows a CSV file has."""
    if file.kind is not Kind.GZIP or file.empty:
        return 0 if file.empty else file.size - file.start
    inflated = 0
    with suppress(EOFError, OSError), storage.open_file(file.path) as opened:  # the run says if its end is damaged
        for piece in inflate(opened):
            inflated += len(piece)
            if inflated > SAMPLE_BYTES:
                return inflated / opened.tell() * file.size
    return inflated - file.start


def _spread(items: Sequence[Item], count: int) -> list[Item]:
    """Returns at most so many of the items, from the first to the last."""
    if len(items) <= count:
        return list(items)
    return [items[round(at * (len(items) - 1) / (count - 1))] for at in range(count)]


def _texts(layout: Layout, data: CsvData, sample: _Sample) -> list[Rows]:
    """The lines of CSV as cells of text."""
    plain = data.model_copy(update={"missing": ("",)})
    return [
        parse(block, layout.files[number].columns, dict.fromkeys(layout.types, "string"), plain)
        for number, block in sample.blocks
        if isinstance(block, Block)
    ]


def _settled(data: CsvData, layout: Layout, texts: pa.Table) -> CsvData:
    """Returns the settings with what the cells need: what stands for a missing value, and types the beginning hides."""
    missing: dict[str, None] = {"": None}
    types: dict[str, ColumnType] = {}
    for name in texts.column_names:
        cells = pc.utf8_trim_whitespace(texts[name]).drop_null()
        is_marker = pc.is_in(cells, value_set=pa.array(MISSING))
        given = cells.filter(pc.invert(is_marker))
        numbers = pc.sum(pc.match_substring_regex(given, FLOAT_PATTERN)).as_py() or 0
        mostly = len(given) > 0 and numbers >= MOSTLY_NUMBERS * len(given)
        if mostly:
            missing |= dict.fromkeys(pc.unique(cells.filter(is_marker)).to_pylist())
        if len(given) and mostly != (layout.types[name] != "string"):
            types[name] = "float" if mostly else "string"
    return data.model_copy(update={"missing": tuple(missing), "types": types})
