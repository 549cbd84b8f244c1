"""Profiles someone's rows: reads some of them as CsvExampleGen would, and describes the columns."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Literal, TypeAlias

import numpy as np
import numpy.typing as npt

from components.arrow import pa, pc
from components.contract import CLASSIFICATION, LABEL, REGRESSION, Task
from components.csv_example_gen.config import POINT, ColumnType, CsvData
from components.csv_example_gen.conflicts import LabelledInputs, conflicts_in, labelled_inputs, together
from components.csv_example_gen.date_formats import ISO
from components.csv_example_gen.files import DataFile, look_for_files
from components.csv_example_gen.layout import CODE, NUMBER, TableLayout, find_layout
from components.csv_example_gen.long_cells import long_cells
from components.csv_example_gen.reader import Piece, Range, Reader, Rows, evenly, size_of
from components.csv_example_gen.splits import inputs_of, row_hashes
from components.errors import TransferlineError
from components.ingest.findings import strays
from components.ingest.reasons import BLANK
from components.ingest.report import Conflicts, LongCells, Quarantined
from components.wording import listed
from pipeline.profile.columns import Column, learned_from, look_at_columns
from pipeline.profile.date_format import date_format
from pipeline.profile.decimals import decimal_of
from pipeline.profile.leaks import leaks_in
from pipeline.profile.number_label import NumberLabel, describe, proposed_task
from pipeline.profile.quarantine import Quarantine
from pipeline.profile.table_format import MISSING, table_format

FILES_LOOKED_INTO = 8
SAMPLE_BYTES = 24 * 2**20
SAMPLE_PIECES = 6
COUNTED_BYTES = 256 * 2**20
"""The lines of no more than this are counted; so much is read in a second."""

MOSTLY_NUMBERS = 0.95
NUMBER_CELL = f"^(?i:{NUMBER.pattern})$"
LINE_BREAKS = "newlines_in_values"
SHOWN_FAULTS = 100


@dataclass(frozen=True)
class RowFindings:
    """What was found. Blank lines count as nothing.

    Attributes:
        data: How the rows are read.
        layout: The files and columns.
        rows: How many there are, those that can't be used among them.
        counted: Whether that was counted; else it is about so many.
        read: How many were read.
        all_read: Whether these are all.
        faults: Those of them that would be quarantined, and the files without rows; the first.
        fault_count: How many rows and files that are.
        classes: Rows read by class; empty where a number is to be predicted.
        label_is_continuous: Whether the label is of numbers with fractions.
        columns: The other columns.
        inputs: How many different rows there are in the columns that are learned from, of those that were read; None
            where these aren't known.
        conflicts: Those of them that occur with different labels; None as above.
        long_cells: Columns of text with a few cells that are too long for a name.
        passed_over: Files beside those of rows, which aren't data.
        number: The label, where it is a number to predict.
        leaks: How many different rows of those that were read are both in train and in test; None if that isn't known.
    """

    data: CsvData
    layout: TableLayout
    rows: int
    counted: bool
    read: int
    all_read: bool
    faults: tuple[Quarantined, ...]
    fault_count: int
    classes: dict[str, int]
    label_is_continuous: bool
    columns: tuple[Column, ...]
    inputs: int | None = None
    conflicts: Conflicts | None = None
    long_cells: tuple[LongCells, ...] = ()
    passed_over: tuple[str, ...] = ()
    number: NumberLabel | None = None
    leaks: int | None = None

    @property
    def splits(self) -> frozenset[str]:
        """The splits that the files' names name; "" for a file that names none."""
        return frozenset(file.split for file in self.layout.files if not file.empty)

    @property
    def empty_files(self) -> int:
        """How many files have no rows."""
        return sum(bool(file.empty) for file in self.layout.files)

    @property
    def quarantine(self) -> Quarantine:
        """What can't be used of what was read; a file without rows counts too."""
        what = "rows" if self.all_read else "rows read"
        return Quarantine(
            self.fault_count, self.read + self.empty_files, f"{what} and empty files" if self.empty_files else what
        )


Sample: TypeAlias = list[tuple[Range, Piece]]
"""Some rows from all over the files, as they were read, with their ranges."""


def look_at_rows(path: str, label: str, *, header: bool | None = None, task: Task | Literal[""] = "") -> RowFindings:
    """Looks at rows of which little is known: finds out how they are written, too.

    Args:
        path: As `CsvData.path`.
        label: The label's column, by its name or its place.
        header: Whether the first line names the columns; None to look.
        task: Whether the label is a class or a number to predict; "" to look.

    Raises:
        TransferlineError: The files are no table, or have no such column.
    """
    listing = look_for_files(path)
    files = listing.files
    data = table_format(files, path, label, header=header)
    reader = Reader(find_layout(files, data, {}), data)
    sample = _sample(reader)
    texts = _texts(reader, sample)
    may_have_breaks = any(LINE_BREAKS in fault.reason for rows in texts for fault in rows.faults)
    if may_have_breaks and (with_breaks := _with_line_breaks(reader, files)):
        reader, sample = with_breaks
        data, texts = reader.data, _texts(reader, sample)
    if texts:
        cells = pa.concat_tables([rows.table for rows in texts])
        if (decimal := decimal_of(cells, data.delimiter)) != data.decimal:
            data = data.model_copy(update={"decimal": decimal})
            reader = Reader(find_layout(files, data, {}), data)
        data = _settled(reader, cells)
        reader = Reader(find_layout(files, data, {}), data)
    if settled := _settled_by_parquet(reader, sample):
        data = settled
        reader = Reader(find_layout(files, data, {}), data)
        sample = _sample(reader)  # what is of Parquet was typed as it was read
    if (task or _proposed_task(reader, sample)) == REGRESSION:
        types = {name: kind for name, kind in data.types.items() if name != data.label}
        data = data.model_copy(update={"types": types})
        reader = Reader(find_layout(files, data, {}, REGRESSION), data)
        sample = _sample(reader)
    return replace(_findings(reader, sample, learned_from), passed_over=listing.passed_over)


def profile_rows(data: CsvData, schema_types: Mapping[str, ColumnType], task: Task = CLASSIFICATION) -> RowFindings:
    """Reads some rows from all over the data.

    Args:
        data: The settings.
        schema_types: Type by feature, from a curated schema; empty if there is none.
        task: Whether the label is a class or a number to predict.

    Raises:
        TransferlineError: The files are no table, or no row of them can be used.
    """
    listing = look_for_files(data.path)
    layout = find_layout(listing.files, data, schema_types, task)
    reader = Reader(layout, data)
    inputs = inputs_of(data.split, layout, data.no_inputs)
    return replace(_findings(reader, _sample(reader), lambda _: inputs), passed_over=listing.passed_over)


def _findings(reader: Reader, sample: Sample, inputs_of: Callable[[Sequence[Column]], tuple[str, ...]]) -> RowFindings:
    data, layout = reader.data, reader.layout
    faults = [Quarantined(place=file.name, reason=file.empty) for file in layout.files if file.empty]
    tables, counts, blank = [], Counter[int](), 0
    long: list[LongCells] = []
    for part, piece in sample:
        rows = reader.records(piece, part.file)
        meant = [fault for fault in rows.faults if not fault.reason.startswith(BLANK)]
        faults += [Quarantined(place=_place(layout, part, fault.line), reason=fault.reason) for fault in meant]
        blank += len(rows.faults) - len(meant)
        counts[part.file] += rows.count
        long += long_cells(rows, partial(_place, layout, part))
        tables.append((part.file, rows.table))
    if not any(table.num_rows for _, table in tables):
        reasons = listed([f"{fault.place}: {fault.reason}" for fault in faults], 3, "; ")
        raise TransferlineError(
            "No row can be used" + (f": {reasons}." if reasons else "."), place=data.path, cure="Check the file."
        )
    table = pa.concat_tables([each for _, each in tables]).combine_chunks()
    labels = table[LABEL].combine_chunks()
    of_numbers = layout.task == REGRESSION
    classes = [] if of_numbers else pc.value_counts(labels).to_pylist()
    total = _total(reader)
    in_all = _about(reader, sample, counts) if total is None else total
    all_read = sum(counts.values()) >= in_all
    columns = look_at_columns(table, layout.types, data.label, layout.task)
    inputs = inputs_of(columns)
    hashes = row_hashes(table.select(inputs)) if inputs else None
    found = None if of_numbers or hashes is None else _same_inputs(hashes, labels)
    return RowFindings(
        data=data,
        layout=layout,
        rows=in_all - blank,
        counted=all_read or total is not None,
        read=sum(counts.values()) - blank,
        all_read=all_read,
        faults=tuple(faults[:SHOWN_FAULTS]),
        fault_count=len(faults),
        classes=dict(sorted((each["values"], each["counts"]) for each in classes)),
        label_is_continuous=layout.types[data.label] == "float"
        and not all(_is_whole(each["values"]) for each in classes),
        columns=columns,
        inputs=None if hashes is None else len(np.unique(hashes)),
        conflicts=conflicts_in(found, layout).model_copy(update={"first": ()}) if found else None,
        number=describe(labels.to_numpy(zero_copy_only=False).astype(np.float64)) if of_numbers else None,
        long_cells=strays(long),
        leaks=leaks_in(data, layout, tables, in_order=all_read and not faults and not blank),
    )


def _proposed_task(reader: Reader, sample: Sample) -> Task:
    kind = reader.layout.types[reader.data.label]
    if kind not in ("float", "int"):
        return CLASSIFICATION
    records = (reader.records(piece, part.file).table[LABEL].combine_chunks() for part, piece in sample)
    values = [pc.unique(labels).cast(pa.float64()).to_numpy() for labels in records]
    return proposed_task(kind, np.concatenate([[], *values]))


def _same_inputs(hashes: npt.NDArray[np.uint64], labels: pa.Array) -> LabelledInputs | None:
    """Returns what the rows have as inputs and labels; where they are isn't known of some."""
    unsplit, lines = np.zeros(len(labels), np.int8), np.arange(len(labels))
    return together([labelled_inputs(hashes, labels, unsplit, 0, lines)])


def _is_whole(label: str) -> bool:
    return label.removeprefix("-").isdecimal()


def _place(layout: TableLayout, part: Range, line: int) -> str:
    """Where a row is; the file alone, where the lines before it weren't counted."""
    file = layout.files[part.file]
    return layout.place(part.file, line) if part.start in (0, file.start) else file.name


def _sample(reader: Reader) -> Sample:
    chosen = evenly(reader.files(), FILES_LOOKED_INTO)
    return [found for number in chosen for found in _some_of(reader, number, SAMPLE_BYTES // len(chosen))]


def _some_of(reader: Reader, number: int, size: int) -> Iterator[tuple[Range, Piece]]:
    parts = reader.spread(number, SAMPLE_PIECES, size)
    for part in parts:
        left = size / len(parts)
        for piece in reader.pieces(part):
            yield part, piece
            left -= size_of(piece)
            if left <= 0:
                break


def _total(reader: Reader) -> int | None:
    """Returns how many rows there are; None where telling takes too long."""
    costs = [reader.bytes_to_count(number) for number in reader.files()]
    if any(cost is None for cost in costs) or sum(filter(None, costs)) > COUNTED_BYTES:
        return None
    return sum(map(reader.count, reader.parts()))


def _about(reader: Reader, sample: Sample, counts: Mapping[int, int]) -> int:
    """Returns about how many rows there are: what is cheap is counted, and the rest goes by its size."""
    costly = [number for number in reader.files() if reader.bytes_to_count(number) != 0]
    known = sum(reader.count(part) for part in reader.parts() if part.file not in costly)
    size = sum(reader.length(number, SAMPLE_BYTES) for number in costly)
    read = sum(size_of(piece) for part, piece in sample if part.file in costly)
    return known + round(sum(counts[number] for number in costly) * size / max(read, 1))


def _with_line_breaks(reader: Reader, files: Sequence[DataFile]) -> tuple[Reader, Sample] | None:
    """Returns a reader for which cells in quotes may hold line breaks, and what it reads; None where that loses rows.

    A quote that isn't closed makes one cell of all the rows after it.
    """
    data = reader.data.model_copy(update={LINE_BREAKS: True})
    try:
        across_lines = Reader(find_layout(files, data, {}), data)
        sample = _sample(across_lines)
    except TransferlineError:  # the end of a cell is too far away
        return None
    # The same bytes: pieces from elsewhere in the files have more rows, or fewer, by chance.
    return (across_lines, sample) if _good(across_lines, sample) >= _good(reader, sample) else None


def _good(reader: Reader, sample: Sample) -> int:
    """Returns how many rows have as many cells as there are columns."""
    return sum(rows.table.num_rows for rows in _texts(reader, sample))


def _texts(reader: Reader, sample: Sample) -> list[Rows]:
    """The lines of CSV as cells of text."""
    texts = (reader.texts(piece, part.file) for part, piece in sample)
    return [rows for rows in texts if rows is not None]


def _settled(reader: Reader, texts: pa.Table, *, are_typed: bool = False) -> CsvData:
    """Returns the settings with what the cells need: what stands for a missing value, and types the beginning hides.

    Args:
        reader: Reads them.
        texts: The cells.
        are_typed: Whether the file says that they are text, and may mean it: numbers are taken for such only where a
            sign for no value is among them, which no column of numbers could hold, and no code.
    """
    missing: dict[str, None] = {"": None}
    types: dict[str, ColumnType] = {}
    dates: dict[str, str] = {}
    number_cell = NUMBER_CELL.replace(r"\.", reader.data.decimal.replace(POINT, r"\."))
    for name in texts.column_names:
        cells = pc.utf8_trim_whitespace(texts[name]).drop_null()
        is_marker = pc.is_in(cells, value_set=pa.array(MISSING))
        given = cells.filter(pc.invert(is_marker))
        numbers = pc.sum(pc.match_substring_regex(given, number_cell)).as_py() or 0
        mostly = len(given) > 0 and numbers >= MOSTLY_NUMBERS * len(given)
        written = None if name == reader.data.label else date_format(given.combine_chunks())
        if mostly or written:
            missing |= dict.fromkeys(pc.unique(cells.filter(is_marker)).to_pylist())
        may_be_codes = are_typed or name == reader.data.label
        if may_be_codes and pc.any(pc.match_substring_regex(given, CODE)).as_py():
            mostly = False
        if are_typed and len(given) == len(cells):
            mostly = False
        if written:
            dates[name] = written
        elif len(given) and mostly != (reader.layout.types[name] != "string"):
            types[name] = "float" if mostly else "string"
    return reader.data.model_copy(update={"missing": tuple(missing), "types": types, "dates": dates})


def _settled_by_parquet(reader: Reader, sample: Sample) -> CsvData | None:
    """Returns the settings with what columns of Parquet need that are text or dates; None where that is nothing."""
    data, files = reader.data, reader.layout.files
    tables = [piece.table for _, piece in sample if isinstance(piece, Rows)]
    if not tables:
        return None
    names = [column.name for column in tables[0].schema if pa.types.is_string(column.type)]
    texts = pa.concat_tables([table.select(names) for table in tables])
    settled = _settled(reader, texts, are_typed=True)
    dates = {name: ISO for file in files for name in file.dates if name != data.label}
    # A CSV of the same rows, to be predicted, has the line breaks in quotes.
    has_breaks = all(file.kind.names_columns for file in files) and any(
        pc.any(pc.match_substring(column, "\n")).as_py() for column in texts.columns
    )
    found = data.model_copy(
        update={
            "missing": tuple(dict.fromkeys((*data.missing, *settled.missing))),
            "types": {**data.types, **settled.types},
            "dates": {**data.dates, **settled.dates, **dates},
            LINE_BREAKS: data.newlines_in_values or has_breaks,
        }
    )
    return found if found != data else None
