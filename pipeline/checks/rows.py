"""Checks rows for `transferline check`."""

from collections import Counter
from collections.abc import Iterator

from components.arrow import pa
from components.column_roles import NOT_NAMED, by_reason
from components.csv_example_gen.config import CsvData
from components.csv_example_gen.schema_types import schema_types
from components.csv_example_gen.splits import check_enough_rows, make_rule
from components.data_gate.config import GateRules
from components.errors import TransferlineError
from components.ingest.findings import conflicts_text, long_cells_text, outvoted_share
from components.transform.plan import CURES, TYPE_NAMES, TYPES
from components.transform.vector import Kind
from components.wording import listed, nearest
from pipeline.checks.finding import Finding, fault, of_error, ok, warning
from pipeline.checks.look import Look, class_findings, leak_finding, missing_findings, quarantine_findings
from pipeline.config import RowPipeline
from pipeline.profile.classes import MANY_CLASSES, count_of
from pipeline.profile.columns import left_out
from pipeline.profile.number_label import MOST_CLASSES, NumberLabel, about
from pipeline.profile.rows import RowFindings, profile_rows

NUMBER: Kind = "number"


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
        return Look((fault("data", f"{config.data.path} can't be read: {error}.", "Fetch it again."),))


def _look(config: RowPipeline) -> Look:
    data = config.data
    schema = config.schema_path.read_text(encoding="utf-8") if config.curated_schema else ""
    found = profile_rows(data, schema_types(schema, data.label), config.task)
    findings = (
        ok("data", f"{data.path}: {_files(found)}, {'' if found.counted else 'about '}{found.rows:,} rows"),
        *_passed_over(found),
        *_columns(config, found),
        *_long_cells(config, found),
        *(_number(config, found.number, whole=found.all_read) if found.number else _labels(found)),
        *quarantine_findings(found.quarantine, list(found.faults), config.gate, "rows"),
        *_splits(found, config.gate),
        *missing_findings(found.classes if found.all_read else {}, config.gate, "rows"),
        *_conflicts(found, config.gate),
    )
    of_classes = not found.number and (data.classes or found.all_read)
    classes = frozenset(data.classes or found.classes) if of_classes else None
    return Look(findings, classes, tuple(name for name in found.layout.types if name != data.label))


def _files(found: RowFindings) -> str:
    empty = f", {found.empty_files:,} of them without rows" if found.empty_files else ""
    return count_of(len(found.layout.files), "file", "files") + empty


def _passed_over(found: RowFindings) -> Iterator[Finding]:
    if names := found.passed_over:
        yield ok("data", f"Not read, since {'these are' if len(names) > 1 else 'this is'} no data: {listed(names)}")


def _columns(config: RowPipeline, found: RowFindings) -> Iterator[Finding]:
    layout = found.layout
    kinds = {name: kind for name, kind in layout.types.items() if name not in (config.data.label, config.data.weight)}
    counted = ", ".join(f"{count} {kind}" for kind, count in sorted(Counter(kinds.values()).items()))
    numbers = sorted(name for name, kind in kinds.items() if kind in TYPES["number"])
    features = config.transform.features or numbers
    weight = f", weight {config.data.weight}" if config.data.weight else ""
    text = (
        f"Label {config.data.label}{weight}, and {len(kinds)} more ({counted}), of which {len(features)} are features"
    )
    shown, said = left_out(found.columns), config.column_roles
    unused = {name: said.why(name) or shown.get(name, NOT_NAMED) for name in kinds if name not in features}
    if unused:
        text += f"; not learned from: {by_reason(unused)}"
    yield ok("columns", text) if features else fault("columns", f"{text}.", "Add a column of numbers.")
    for name, (number_file, text_file) in layout.mixed.items():
        yield warning(
            "columns",
            f"'{name}' is of numbers in {number_file} and of text in {text_file}: it is read as text.",
            f"Set data.types.{name}=float to set the rows aside where it is no number.",
        )
    for name in config.gate.columns:
        if name not in kinds:
            text = f"gate.columns names '{name}', which is no column{nearest(name, kinds)}"
            yield fault("columns", text, f"Use columns of the data: {listed(list(kinds))}.")
    for setting, names in _named(config).items():
        for name, wanted in names.items():
            if name not in kinds:
                text = f"{setting} names '{name}', which is no column{nearest(name, kinds)}"
                yield fault("columns", text, f"Use columns of the data: {listed(list(kinds))}.")
            elif kinds[name] not in TYPES[wanted]:
                text = f"{setting} names '{name}' for the kind {wanted}, and it is {TYPE_NAMES[kinds[name]]}."
                yield fault("columns", text, CURES[kinds[name]])


def _long_cells(config: RowPipeline, found: RowFindings) -> Iterator[Finding]:
    features = config.transform.features
    letters = [name for name, kind in features.items() if kind.kind == "text"] if isinstance(features, dict) else []
    for each in found.long_cells:
        if each.column not in letters:
            yield warning(
                "columns",
                f"{long_cells_text(each)}.",
                "Look at these rows: a quote that isn't closed takes in what follows it.",
            )


def _named(config: RowPipeline) -> dict[str, dict[str, Kind]]:
    """The columns that each setting names, and what they are to be."""
    features = config.transform.features
    kinds = {name: feature.kind for name, feature in features.items()} if isinstance(features, dict) else None
    named: dict[str, dict[str, Kind]] = {"transform.features": kinds or dict.fromkeys(features, NUMBER)}
    for name, made in config.transform.slices.items():
        columns = (made.column,) if made.kind == "quantiles" else made.columns
        named[f"transform.slices.{name}"] = dict.fromkeys(columns, NUMBER)
    return named


def _labels(found: RowFindings) -> Iterator[Finding]:
    data = found.data
    yield from class_findings(found.classes, "rows", whole=found.all_read)
    absent = [name for name in data.classes if name not in found.classes]
    if absent:
        where = "" if found.all_read else ", among those that were read"
        text = f"There is no row of {listed(absent)}, which data.classes names{where}."
        yield warning("classes", text, "Correct data.classes, if that isn't meant.")
    if len(found.classes) > MANY_CLASSES and not data.classes:
        text = f"The label {data.label} has {len(found.classes):,} unique values."
        yield warning("classes", text, "Check that data.label is a class, and not a number or a key.")


def _number(config: RowPipeline, label: NumberLabel, *, whole: bool) -> Iterator[Finding]:
    read = "" if whole else f"; of {label.count:,} rows that were read"
    text = about(label, config.data.label).rstrip(".")
    if label.distinct == 1:
        yield fault("label", f"{text}: there is nothing to learn.", "Set data.label to another column.")
        return
    yield ok("label", f"{text}{read}")
    if config.trainer.label_scale == "log" and label.lowest <= 0:
        yield fault(
            "label",
            f"trainer.label_scale is log, and the label {config.data.label} is {label.lowest:g} in a row: only of "
            "numbers above 0 there is a logarithm.",
            'Set trainer.label_scale to "standard", or correct the data.',
        )
    if label.distinct <= MOST_CLASSES:
        text = f"The label {config.data.label} has only {label.distinct} different values."
        yield warning("label", text, 'Check that it is an amount, and not a class, which is task="classification".')


def _conflicts(found: RowFindings, gate: GateRules) -> Iterator[Finding]:
    """Rows with the same inputs and different labels, where the split counts them."""
    if found.conflicts is None:
        return
    records = sum(found.classes.values())
    text = conflicts_text(found.conflicts, records)
    of = "" if found.all_read else ", of those that were read"
    if not text:
        yield ok("conflicts", f"No two rows with the same inputs have different labels{of}")
    elif gate.max_conflicts is not None and outvoted_share(found.conflicts, records) > gate.max_conflicts:
        yield fault(
            "conflicts",
            f"{text}{of}; gate.max_conflicts = {gate.max_conflicts:.1%} stops the run.",
            "Add columns that tell such rows apart, or correct the labels.",
        )
    else:
        yield warning("conflicts", f"{text}{of}.", "Add columns that tell such rows apart, if there are any.")


def _splits(found: RowFindings, gate: GateRules) -> Iterator[Finding]:
    data: CsvData = found.data
    try:
        rule = make_rule(data.split, found.layout, data.label, data.no_inputs)
        if rule.by == "rows" and found.counted:
            check_enough_rows(data.split, found.rows, data.path)
    except TransferlineError as error:
        yield of_error("splits", error)
        return
    yield ok("splits", f"By {rule.by}")
    if found.leaks:
        read = "" if found.all_read else f", of {found.read:,} that were read"
        text = f"{count_of(found.leaks, 'row is', 'rows are')} the same in train and test{read}"
        yield leak_finding(text, gate)
