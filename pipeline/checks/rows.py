"""A look at rows: the files, their columns, and the first rows of each."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from components.arrow import pa, pc
from components.contract import LABEL
from components.csv_example_gen import parquet
from components.csv_example_gen.blocks import count_lines, ranges_of, read_blocks
from components.csv_example_gen.config import CsvData
from components.csv_example_gen.files import Kind, list_files
from components.csv_example_gen.layout import FileLayout, Layout, find_layout
from components.csv_example_gen.parse import Rows, parse
from components.csv_example_gen.rows import records_of
from components.csv_example_gen.schema_types import schema_types
from components.csv_example_gen.splits import check_enough_rows, make_rule
from components.errors import TransferlineError
from components.ingest.reasons import BLANK
from components.wording import listed, nearest
from pipeline.checks.finding import Finding, fault, of_error, ok, warning
from pipeline.checks.look import Look, class_findings
from pipeline.config import RowPipeline

FILES_LOOKED_INTO = 4
COUNTED_BYTES = 256 * 2**20
"""The lines of no more than this are counted; so much is read in a second."""

MANY_LABELS = 1_000


@dataclass(frozen=True)
class Sample:
    """The first rows.

    Attributes:
        rows: How many, those that can't be used among them.
        labels: How many of each.
        reasons: Why each of the others would be quarantined.
        whole: Whether these are all rows.
    """

    rows: int
    labels: Counter[str]
    reasons: tuple[str, ...]
    whole: bool


def look_at_rows(config: RowPipeline) -> Look:
    """Looks at local rows.

    Args:
        config: With a local `data.path`.
    """
    try:
        return _look(config)
    except TransferlineError as error:
        return Look((of_error("data", error),))
    except (OSError, pa.ArrowException) as error:
        return Look((fault("data", f"{config.data.path} can't be read: {error}", "fetch it again"),))


def _look(config: RowPipeline) -> Look:
    data = config.data
    schema = config.schema_path.read_text(encoding="utf-8") if config.curated_schema else ""
    layout = find_layout(list_files(data.path), data, schema_types(schema, data.label))
    sample = _sample(layout, data)
    total = sample.rows if sample.whole else _total(layout, data)
    rows = "rows weren't counted" if total is None else f"{total:,} rows"
    findings = (
        ok("data", f"{data.path}: {_files(layout)}, {rows}"),
        *_columns(config, layout),
        *_labels(sample, data),
        *_faulty(sample, config),
        *_splits(layout, data, total),
    )
    classes = frozenset(data.classes or sample.labels) if data.classes or sample.whole else None
    return Look(findings, classes, tuple(name for name in layout.types if name != data.label))


def _files(layout: Layout) -> str:
    empty = sum(bool(file.empty) for file in layout.files)
    count = len(layout.files)
    return f"{count:,} file{'s' * (count != 1)}" + (f", {empty:,} of them without rows" if empty else "")


def _columns(config: RowPipeline, layout: Layout) -> Iterator[Finding]:
    kinds = {name: kind for name, kind in layout.types.items() if name != config.data.label}
    counted = ", ".join(f"{count} {kind}" for kind, count in sorted(Counter(kinds.values()).items()))
    numbers = sorted(name for name, kind in kinds.items() if kind != "string")
    features = config.transform.features or numbers
    text = f"label {config.data.label}, and {len(kinds)} more ({counted}), of which {len(features)} are features"
    yield ok("columns", text) if features else fault("columns", text, "there must be a column of numbers")
    for setting, names in _named(config).items():
        for name in names:
            if name not in kinds:
                text = f"{setting} names '{name}', which is no column{nearest(name, kinds)}"
                yield fault("columns", text, f"use columns of the data: {listed(list(kinds))}")
            elif kinds[name] == "string":
                cure = f"leave it out, or set data.types.{name}=float if it should be of numbers"
                yield fault("columns", f"{setting} names '{name}', which is text", cure)


def _named(config: RowPipeline) -> dict[str, tuple[str, ...]]:
    """The columns of numbers that each setting names."""
    named = {"transform.features": config.transform.features}
    for name, made in config.transform.slices.items():
        columns = (made.column,) if made.kind == "quantiles" else made.columns
        named[f"transform.slices.{name}"] = columns
    return named


def _sample(layout: Layout, data: CsvData) -> Sample:
    labels: Counter[str] = Counter()
    reasons: list[str] = []
    rows = 0
    files = [(number, file) for number, file in enumerate(layout.files) if not file.empty]
    whole = len(files) <= FILES_LOOKED_INTO
    for number, file in files[:FILES_LOOKED_INTO]:
        blocks = list(islice(_blocks(number, file, layout, data), 2))
        whole = whole and len(blocks) == 1
        for block in blocks[:1]:
            rows += block.count
            records = records_of(block, layout.types, data)
            counted = pc.value_counts(records.table[LABEL].combine_chunks()).to_pylist()
            labels.update({str(each["values"]): int(each["counts"]) for each in counted})
            faults = [bad for bad in records.faults if not bad.reason.startswith(BLANK)]
            reasons += [f"{layout.place(number, bad.line)}: {bad.reason}" for bad in faults]
    return Sample(rows, labels, tuple(reasons), whole)


def _blocks(number: int, file: FileLayout, layout: Layout, data: CsvData) -> Iterator[Rows]:
    for part in ranges_of(number, file, whole=True):
        if file.kind is Kind.PARQUET:
            yield from parquet.read_rows(part, file, layout.types)
        else:
            for block in read_blocks(part, file, newlines_in_values=data.newlines_in_values):
                yield parse(block, file.columns, layout.types, data)


def _labels(sample: Sample, data: CsvData) -> Iterator[Finding]:
    yield from class_findings(sample.labels, "rows", whole=sample.whole)
    absent = [name for name in data.classes if name not in sample.labels]
    if absent and sample.labels:
        where = "" if sample.whole else " among the first"
        text = f"of {listed(absent)}, which data.classes names, there is no row{where}"
        yield warning("classes", text, "correct data.classes, if that isn't meant")
    if len(sample.labels) > MANY_LABELS:
        text = f"the label {data.label} has {len(sample.labels):,} different values"
        yield warning("classes", text, "check that data.label is a class and not a number")


def _faulty(sample: Sample, config: RowPipeline) -> Iterator[Finding]:
    if not sample.reasons:
        return
    count = len(sample.reasons)
    rows = f"{sample.rows:,} rows" if sample.whole else f"the first {sample.rows:,} rows"
    text = f"{count:,} of {rows} go to quarantine: {listed(sample.reasons, 3)}"
    if count / sample.rows > config.gate.max_quarantined:
        yield fault("rows", text, f"mend them: gate.max_quarantined is {config.gate.max_quarantined:.1%}")
    else:
        yield warning("rows", text, "mend them, if they were meant as data")


def _splits(layout: Layout, data: CsvData, total: int | None) -> Iterator[Finding]:
    try:
        rule = make_rule(data.split, layout, data.label)
        if rule.by == "rows" and total is not None:
            check_enough_rows(data.split, total, data.path)
    except TransferlineError as error:
        yield of_error("splits", error)
        return
    yield ok("splits", f"by {rule.by}")


def _total(layout: Layout, data: CsvData) -> int | None:
    """Returns how many rows there are; None where telling takes too long."""
    files = [(number, file) for number, file in enumerate(layout.files) if not file.empty]
    text = [file for _, file in files if file.kind is not Kind.PARQUET]
    if any(file.kind is Kind.GZIP for file in text) or sum(file.size for file in text) > COUNTED_BYTES:
        return None
    return sum(
        parquet.count_rows(part, file)
        if file.kind is Kind.PARQUET
        else count_lines(part, file, newlines_in_values=data.newlines_in_values)
        for number, file in files
        for part in ranges_of(number, file, whole=data.newlines_in_values)
    )
