"""Builds the Beam pipeline that turns file ranges into TFRecords and into the results that the report is made of.

Two passes: the first counts the lines of each range, which gives every row its number, and reads the classes where the
split is stratified; the second reads, checks, splits and encodes. Rows never travel between workers, only counts,
hashes and faults do.
"""

import os
import threading
from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeAlias

import apache_beam as beam
import numpy as np
import numpy.typing as npt
from apache_beam.io.filebasedsink import FileBasedSink
from apache_beam.io.filesystem import CompressionTypes

from components import progress
from components.arrow import pc
from components.contract import LABEL, REGRESSION, SPLITS
from components.csv_example_gen.config import ColumnType, CsvData
from components.csv_example_gen.conflicts import LabelledInputs, conflicts_in, labelled_inputs
from components.csv_example_gen.duplicates import Copy, HashedRows, in_different_splits, packed_by_partition
from components.csv_example_gen.encode import gzipped, gzipped_records
from components.csv_example_gen.gather import GatherInputs
from components.csv_example_gen.layout import TableLayout
from components.csv_example_gen.long_cells import long_cells
from components.csv_example_gen.places import named_rows
from components.csv_example_gen.reader import Piece, Range, Reader
from components.csv_example_gen.splits import TRAIN, UNUSED, SplitRule, row_hashes
from components.csv_example_gen.tally import (
    SplitTallies,
    Tallies,
    add_up,
    column_splits,
    record_types,
    summed_splits,
    tallies_of,
)
from components.ingest import storage
from components.ingest.by_key import CombineByKey
from components.ingest.findings import long_cells_by_column
from components.ingest.gather import GatherClasses
from components.ingest.label_ranges import range_of, together
from components.ingest.quarantine import packed
from components.ingest.record_counts import lost
from components.ingest.record_files import RECORDS_PREFIX, RECORDS_SUFFIX, SHARD
from components.ingest.report import Duplicate, LabelRange, LongCells, Quarantined
from components.ingest.results import (
    BYTES,
    COMPARED,
    CONFLICTS,
    COUNTS,
    DUPLICATES,
    FOUND,
    LONG,
    PACKED,
    result_line,
    write_results,
)
from components.ingest.side_by_side import in_order
from components.ingest.strata import ClassHashes, Strata

RESULTS, HASHES, INPUTS, COLUMNS, LABELS = "results", "hashes", "inputs", "columns", "labels"
COLUMN_SPLITS = "column_splits"

NO_CLASS = ""
"""What rows are counted under whose label is a number to predict."""

THREADS = os.cpu_count() or 1
"""Blocks that one worker parses and encodes side by side: that work is done in C++, outside of Python's lock."""

BLOCKS_AHEAD = THREADS + 1

Starts: TypeAlias = dict[tuple[int, int], int]
"""A number by the range's file and start."""

MAX_PLACES = 20
"""Copies that are named in one group of duplicates; there may be more."""


class _RowCounter:
    """Counts rows across the threads of one process."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._done = 0

    def reset(self) -> None:
        """Starts from zero."""
        self._done = 0

    def add(self, rows: int, total: int | None) -> None:
        """Counts rows and reports."""
        with self._lock:
            self._done += rows
            progress.report(self._done, total, "rows")


PROGRESS = _RowCounter()


@dataclass(frozen=True)
class Numbering:
    """Which numbers the rows of each range have.

    Attributes:
        starts: The number of rows before each range, over all files.
        lines: The number of lines of the file before each range.
        total: Rows in all, faults among them; None if that isn't known before the last is read.
    """

    starts: Starts
    lines: Starts
    total: int | None


@dataclass(frozen=True)
class Plan:
    """What every worker is told.

    Attributes:
        layout: The files and columns.
        data: The settings.
        rule: How rows are split.
    """

    layout: TableLayout
    data: CsvData
    rule: SplitRule

    @property
    def reader(self) -> Reader:
        """What reads the rows."""
        return Reader(self.layout, self.data)

    @property
    def record_types(self) -> dict[str, ColumnType]:
        """The type of each feature of the records."""
        return record_types(self.layout.types, self.data.label, self.layout.label_type)


@dataclass(frozen=True)
class Finished:
    """What became of a block.

    Attributes:
        records: A piece of a gzipped TFRecord file by split.
        counts: Rows by (split, label).
        found: Rows and faults.
        unused: Rows that no split takes.
        faults: The faults.
        hashes: The rows' hashes by partition, where the split may part copies.
        inputs: What the rows have as inputs and labels, where conflicts are counted.
        columns: What is in each column, by split.
        labels: Of numbers to predict, from where to where they go in each split.
        long: How long the cells of each column of text are.
    """

    records: dict[str, bytes]
    counts: dict[tuple[str, str], int]
    found: int
    unused: int
    faults: list[Quarantined]
    hashes: list[tuple[int, HashedRows]]
    inputs: LabelledInputs | None
    columns: dict[str, Tallies]
    labels: dict[str, LabelRange]
    long: list[LongCells]


class _ReadingFn(beam.DoFn):
    """Reads ranges with as many threads as there are cores."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan

    def setup(self) -> None:
        """Starts the threads."""
        self._threads = ThreadPoolExecutor(THREADS)
        self._too_many: frozenset[str] = frozenset()

    def teardown(self) -> None:
        """Ends them."""
        self._threads.shutdown()


class ReadClasses(_ReadingFn):
    """Yields the hashes of the rows of a range by class, a block at a time."""

    def process(self, part: Range) -> Iterator[ClassHashes]:
        """Reads the range."""
        pieces = self._plan.reader.pieces(part)
        yield from in_order(
            self._threads, lambda piece: class_hashes(piece, part, self._plan), pieces, ahead=BLOCKS_AHEAD
        )


class _Results:
    """What became of the rows of a range, block by block."""

    def __init__(self) -> None:
        self._counts: Counter[tuple[str, str]] = Counter()
        self._sizes: Counter[str] = Counter()
        self._labels: dict[str, LabelRange] = {}
        self._long: dict[str, LongCells] = {}
        self._found = self._unused = 0

    def add(self, done: Finished) -> None:
        """Takes in a block."""
        self._counts.update(done.counts)
        self._sizes.update({split: len(records) for split, records in done.records.items()})
        self._long = long_cells_by_column([*self._long.values(), *done.long])
        for split, labels in done.labels.items():
            self._labels[split] = together([self._labels[split], labels]) if split in self._labels else labels
        self._found += done.found
        self._unused += done.unused

    def lines(self) -> str:
        """Returns lines of results; as one element, so that all of them arrive or none, and then the part is missed."""
        every = [result_line(FOUND, (self._found, self._unused, 1))]
        every += [result_line(COUNTS, count) for count in self._counts.items()]
        every += [result_line(BYTES, size) for size in self._sizes.items()]
        every += [result_line(LABELS, (split, labels.model_dump())) for split, labels in self._labels.items()]
        every += [result_line(LONG, cells.model_dump()) for cells in self._long.values()]
        return "\n".join(every)


class ReadRanges(_ReadingFn):
    """Reads the rows of a range, one output a split, and says what became of each."""

    def process(self, part: Range, numbering: Numbering, strata: Strata | None = None) -> Iterator[Any]:
        """Yields pieces of TFRecord files into the splits, and the rest into outputs of their own."""
        pieces = self._plan.reader.pieces(part)
        finished = in_order(
            self._threads,
            lambda piece: finish(piece, part, self._plan, numbering, strata, self._too_many),
            pieces,
            ahead=BLOCKS_AHEAD,
        )
        columns: dict[str, Tallies] = {}
        results = _Results()
        for done in finished:
            PROGRESS.add(done.found, numbering.total)
            results.add(done)
            for piece in done.records.items():
                yield beam.pvalue.TaggedOutput(piece[0], piece)
            if done.faults:
                yield result_line(PACKED, packed(done.faults))
            for partition in done.hashes:
                yield beam.pvalue.TaggedOutput(HASHES, partition)
            if done.inputs:
                yield beam.pvalue.TaggedOutput(INPUTS, done.inputs)
            for split, tallies in done.columns.items():
                add_up(columns.setdefault(split, {}), tallies)
            trained = columns.get(SPLITS[TRAIN], {})
            self._too_many = self._too_many | {name for name, tally in trained.items() if tally.too_many}
        for split, tallies in columns.items():
            for name, tally in tallies.items():
                yield beam.pvalue.TaggedOutput(COLUMNS, (name, {split: tally}))
        yield results.lines()


def class_hashes(piece: Piece, part: Range, plan: Plan) -> ClassHashes:
    """Returns by class what tells rows apart that may come into different splits."""
    table = plan.reader.records(piece, part.file).table
    encoded = pc.dictionary_encode(table[LABEL].combine_chunks())
    codes = encoded.indices.to_numpy(zero_copy_only=False)
    hashes = plan.rule.hashes_of(table)
    return {name: hashes[codes == code] for code, name in enumerate(encoded.dictionary.to_pylist())}


def finish(
    piece: Piece,
    part: Range,
    plan: Plan,
    numbering: Numbering,
    strata: Strata | None = None,
    too_many: Collection[str] = frozenset(),
) -> Finished:
    """Parses, checks, splits, counts and encodes a piece.

    Args:
        piece: What was read.
        part: The range that it is of.
        plan: What to do with it.
        numbering: Which numbers its rows have.
        strata: Bounds of the splits by class, where they are stratified.
        too_many: Columns that are known to have more different values in training than are counted.
    """
    file = plan.layout.files[part.file]
    rows = plan.reader.records(piece, part.file)
    first_line = numbering.lines[part.file, part.start]
    first_row = numbering.starts[part.file, part.start]
    places = rows.row_numbers + first_row
    rule = plan.rule
    hashes = rule.hashes_of(rows.table)
    splits = rule.splits_of(hashes, places, numbering.total or 0, file.split, strata)
    records: dict[str, bytes] = {}
    counts: dict[tuple[str, str], int] = {}
    columns: dict[str, Tallies] = {}
    ranges: dict[str, LabelRange] = {}
    named = named_rows(rows, part.file, first_line, plan.layout, plan.data)
    for number, split in enumerate(SPLITS):
        chosen = splits == number
        if chosen.any():
            table = named if chosen.all() else named.filter(chosen)
            records[split] = gzipped_records(table)
            labels = table[LABEL].combine_chunks()
            if plan.layout.task == REGRESSION:
                counts[split, NO_CLASS] = len(labels)
                lines = rows.lines[chosen] + first_line
                ranges[split] = range_of(labels, partial(_place_of, plan.layout, part.file, lines))
            else:
                for label in pc.value_counts(labels).to_pylist():
                    counts[split, label["values"]] = label["counts"]
            columns[split] = tallies_of(table, plan.record_types, too_many, with_ranges=number == TRAIN)

    def place(line: int) -> str:
        return plan.layout.place(part.file, line + first_line)

    faults = [Quarantined(place=place(fault.line), reason=fault.reason) for fault in rows.faults]
    packed: list[tuple[int, HashedRows]] = []
    if rule.may_part_copies:
        whole = row_hashes(rows.table) if rule.key else hashes
        packed = list(packed_by_partition(part.file, first_line, whole, splits, rows.lines))
    inputs = None
    if rule.inputs:
        same = hashes if rule.inputs == rule.key else row_hashes(rows.table.select(rule.inputs))
        labels = rows.table[LABEL].combine_chunks()
        inputs = labelled_inputs(same, labels, splits, part.file, rows.lines + first_line)
    unused, long = int((splits == UNUSED).sum()), long_cells(rows, place)
    return Finished(records, counts, rows.count, unused, faults, packed, inputs, columns, ranges, long)


def ingest(pipeline: beam.Pipeline, plan: Plan, split_folders: dict[str, str], results_file: str) -> None:
    """Adds the whole ingestion to a pipeline.

    Args:
        pipeline: What to add to.
        plan: The files, and what to do with them.
        split_folders: Where the TFRecords of each split go.
        results_file: Where the lines go that `components.ingest.results` reads.
    """
    ranges = pipeline | "Ranges" >> beam.Create(plan.reader.parts()) | "Spread" >> beam.Reshuffle()
    numbering = (
        ranges
        | "CountLines" >> beam.Map(lambda part: (part, _rows_in(part, plan)))
        | "Counts" >> beam.combiners.ToList()
        | "Number" >> beam.Map(number_rows)
    )
    known = {"numbering": beam.pvalue.AsSingleton(numbering)}
    if plan.data.split.stratify:
        strata = (
            ranges
            | "ReadClasses" >> beam.ParDo(ReadClasses(plan))
            | "Classes" >> beam.CombineGlobally(GatherClasses())
            | "Strata" >> beam.Map(plan.rule.strata_of)
        )
        known["strata"] = beam.pvalue.AsSingleton(strata)
    outputs = ranges | "ReadRanges" >> beam.ParDo(ReadRanges(plan), **known).with_outputs(
        *SPLITS, HASHES, INPUTS, COLUMNS, main=RESULTS
    )
    for split in SPLITS:
        prefix = os.path.join(split_folders[split], RECORDS_PREFIX)
        _ = outputs[split] | f"Write[{split}]" >> beam.io.Write(PieceSink(prefix, split))
    columns = (
        outputs[COLUMNS]
        | "AddUpColumns" >> CombineByKey(summed_splits)
        | "ColumnLines" >> beam.FlatMapTuple(_column_lines)
    )
    lines = [outputs[RESULTS], columns]
    if plan.rule.may_part_copies:
        lines.append(
            outputs[HASHES]
            | "ByHash" >> beam.GroupByKey()
            | "InDifferentSplits" >> beam.FlatMapTuple(lambda _, blocks: _lines_of_copies(blocks, plan.layout))
        )
    if plan.rule.inputs:
        lines.append(
            outputs[INPUTS]
            | "Inputs" >> beam.CombineGlobally(GatherInputs())
            | "ConflictLine"
            >> beam.Map(lambda found: result_line(CONFLICTS, conflicts_in(found, plan.layout).model_dump()))
        )
    write_results(lines | "Results" >> beam.Flatten(), results_file)


def number_rows(counted: Iterable[tuple[Range, int | None]]) -> Numbering:
    """Numbers the rows of all ranges, in the order of files and bytes.

    Args:
        counted: Each range with the number of its rows; None where they weren't counted.
    """
    starts: Starts = {}
    lines: Starts = {}
    total, in_file, file, known = 0, 0, -1, True
    # A dictionary, since an engine may tell of a range twice.
    for part, count in sorted(dict(counted).items(), key=lambda pair: (pair[0].file, pair[0].start)):
        if part.file != file:
            file, in_file = part.file, 0
        starts[part.file, part.start] = total
        lines[part.file, part.start] = in_file
        known = known and count is not None
        total += count or 0
        in_file += count or 0
    return Numbering(starts, lines, total if known else None)


class PieceSink(FileBasedSink):
    """Writes pieces of gzipped files as they are; a worker's pieces go one after the other into one file.

    Each comes with its split: engines have mixed up outputs, of which the sizes alone don't always tell.

    Args:
        prefix: What the paths of the files begin with.
        split: The split whose pieces they are.
    """

    def __init__(self, prefix: str, split: str) -> None:
        self._split = split
        super().__init__(
            prefix,
            coder=beam.coders.BytesCoder(),
            file_name_suffix=RECORDS_SUFFIX,
            compression_type=CompressionTypes.UNCOMPRESSED,
        )

    def pre_finalize(self, init_result: Any, writer_results: Any) -> None:
        """Removes the files that an attempt before has named; Beam itself removes those of as many shards only."""
        folder = os.path.dirname(self.file_path_prefix.get())
        for name in filter(SHARD.fullmatch, storage.names_in(folder)):
            storage.remove(os.path.join(folder, name))
        super().pre_finalize(init_result, writer_results)

    def write_record(self, file_handle: Any, value: tuple[str, bytes]) -> None:
        """Appends a piece."""
        split, piece = value
        if split != self._split:
            raise lost(f"records of {split} came to {self._split}", self._split)
        file_handle.write(piece)

    def close(self, file_handle: Any) -> None:
        """Closes a file; one without any piece is made a whole gzip file nevertheless."""
        if file_handle is not None and not file_handle.tell():
            file_handle.write(gzipped(b""))
        super().close(file_handle)


def _rows_in(part: Range, plan: Plan) -> int | None:
    """Rows of a range, counted where it is cheap or where the split needs it."""
    if plan.reader.bytes_to_count(part.file) is None and plan.rule.by != "rows":
        return None
    return plan.reader.count(part)


def _place_of(layout: TableLayout, file: int, lines: npt.NDArray[np.int64], row: int) -> str:
    return layout.place(file, int(lines[row]))


def _column_lines(name: str, tallies: SplitTallies) -> Iterator[str]:
    if trained := tallies.get(SPLITS[TRAIN]):
        yield result_line(COLUMNS, trained.counts(name).model_dump())
    kind = next(iter(tallies.values())).kind
    yield result_line(COLUMN_SPLITS, column_splits(name, kind, tallies).model_dump())


def _lines_of_copies(blocks: Iterable[HashedRows], layout: TableLayout) -> Iterator[str]:
    kept = list(blocks)
    groups = in_different_splits(kept)
    yield result_line(COMPARED, (sum(block.rows for block in kept), len(groups)))
    yield from (result_line(DUPLICATES, _duplicate(group, layout).model_dump()) for group in groups)


def _duplicate(group: tuple[Copy, ...], layout: TableLayout) -> Duplicate:
    places = [f"{split}: {layout.place(file, line)}" for split, file, line in group[:MAX_PLACES]]
    return Duplicate(places=tuple(places), splits=tuple(sorted({split for split, _, _ in group})), labels=())
