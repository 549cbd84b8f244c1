"""Checks the ingest report and the anomalies; each check returns the faults that it found, in words."""

import textwrap
from collections.abc import Iterable, Iterator, Mapping, Sequence

from tensorflow_metadata.proto.v0 import anomalies_pb2, schema_pb2

from components.contract import SPLITS
from components.data_gate.config import GateRules
from components.ingest.findings import conflicts_text, missing_classes, missing_classes_text, outvoted_share
from components.ingest.report import Duplicate, IngestReport

SHOWN = 5
LISTED = 20
SEEN_CHARACTERS = 300
TYPES = {schema_pb2.BYTES: "text or bytes", schema_pb2.INT: "whole numbers", schema_pb2.FLOAT: "numbers"}


def ingest_faults(report: IngestReport, rules: GateRules) -> list[str]:
    """Returns what is wrong with the records as a whole: quarantine, splits, labels, duplicates and conflicts."""
    return [
        *_broken_faults(report),
        *_quarantine_faults(report, rules),
        *_split_faults(report),
        *(_number_faults(report, rules) if report.of_numbers else _class_faults(report, rules)),
        *_duplicate_faults(report, rules),
        *_conflict_faults(report, rules),
    ]


def anomaly_faults(anomalies: Mapping[str, anomalies_pb2.Anomalies], schema: schema_pb2.Schema) -> list[str]:
    """Returns each anomaly as: feature, split, what was expected, what was seen.

    Args:
        anomalies: TFDV's findings by split.
        schema: The schema they were found against.
    """
    faults = []
    for split, found in anomalies.items():
        for name, anomaly in sorted(found.anomaly_info.items()):
            seen = " ".join(reason.description for reason in anomaly.reason) or anomaly.description
            seen = textwrap.shorten(seen, SEEN_CHARACTERS, placeholder=" ...")
            faults.append(f"feature '{name}' in {split}: expected {_expected(schema, name)}; seen: {seen}")
        if found.HasField("dataset_anomaly_info"):
            faults.append(f"{split}: {found.dataset_anomaly_info.description}")
    return faults


def _broken_faults(report: IngestReport) -> Iterator[str]:
    for file in report.broken:
        yield f"{file.place!r}: {file.reason}; nobody knows how many records are missing: fetch the file again"


def _quarantine_faults(report: IngestReport, rules: GateRules) -> Iterator[str]:
    # A macOS archive has a hidden file beside every photo: set aside and counted, but no fault of the data.
    meant, unusable = report.found - report.hidden, report.quarantined - report.hidden
    share = unusable / meant if meant else 0.0
    if share > rules.max_quarantined:
        first = "; ".join(f"{record.place!r}: {record.reason}" for record in report.first_quarantined[:SHOWN])
        yield (
            f"{unusable} of {meant} records ({share:.1%}) are quarantined, "
            f"more than gate.max_quarantined={rules.max_quarantined:.1%} allows: {first}"
        )


def _split_faults(report: IngestReport) -> Iterator[str]:
    empty = [split for split in SPLITS if not report.written(split)]
    if empty:
        yield f"no records in the split {_listed(empty)}: add records there or change data.split"


def _class_faults(report: IngestReport, rules: GateRules) -> Iterator[str]:
    trained = report.labels("train")
    if len(trained) < 2 and report.written("train"):
        yield f"the only class in train is {_listed(trained)}: a classifier needs two or more"
    for split in SPLITS[1:]:
        unseen = report.labels(split) - trained
        if unseen and trained:
            yield f"the class {_listed(unseen)} occurs in {split} but not in train: the model can't learn it"
    missing = [name for name in missing_classes(report.counts) if name in trained]
    if missing and len(trained) > 1 and rules.fail_on_missing_class:
        enough = any(
            sum(report.counts.get(split, {}).get(name, 0) for split in SPLITS) >= len(SPLITS) for name in missing
        )
        yield (
            f"{missing_classes_text(missing, report.counts)}; add records, "
            + "spread what there is by data.split.stratify=true, " * enough
            + "leave the class out, or set gate.fail_on_missing_class=false"
        )


def _number_faults(report: IngestReport, rules: GateRules) -> Iterator[str]:
    train = report.label_ranges.get("train")
    if train is None:
        return
    if train.lowest == train.highest:
        yield f"all labels in train are {train.lowest:g}: there is nothing to learn"
        return
    for split in SPLITS[1:]:
        found, records = report.label_ranges.get(split), report.written(split)
        if found and rules.max_labels_outside is not None and found.outside > rules.max_labels_outside * records:
            yield (
                f"{found.outside} of {records} labels in {split} ({found.outside / records:.1%}) lie outside of those "
                f"in train, which go from {train.lowest:g} to {train.highest:g}, more than "
                f"gate.max_labels_outside={rules.max_labels_outside:.1%} allows: the least is {found.lowest:g} "
                f"({found.lowest_place!r}), the greatest {found.highest:g} ({found.highest_place!r}); correct them, "
                "split the rows by hash, or allow more"
            )


def _duplicate_faults(report: IngestReport, rules: GateRules) -> Iterator[str]:
    leaks = [duplicate for duplicate in report.duplicates if {"train", "test"} <= set(duplicate.splits)]
    if leaks and rules.fail_on_leak:
        yield (
            f"{_groups(len(leaks))} identical in train and test, so the test would be too optimistic: "
            f"{_examples(leaks)}; remove one copy of each, split by hash, or set gate.fail_on_leak=false"
        )
    conflicts = [duplicate for duplicate in report.duplicates if len(duplicate.labels) > 1]
    quarantined = report.conflicts if report.conflicts and report.conflicts.quarantined else None
    groups = len(conflicts) + (quarantined.groups if quarantined else 0)
    if groups and rules.fail_on_label_conflict:
        examples = [*conflicts, *(quarantined.first if quarantined else ())]
        yield f"{_groups(groups)} identical with different labels: {_examples(examples)}"


def _conflict_faults(report: IngestReport, rules: GateRules) -> Iterator[str]:
    if report.conflicts is None or rules.max_conflicts is None:
        return
    records = sum(map(report.written, SPLITS))
    share = outvoted_share(report.conflicts, records)
    if share <= rules.max_conflicts:
        return
    text, examples = conflicts_text(report.conflicts, records), _examples(report.conflicts.first)
    if report.conflicts.quarantined:
        yield (
            f"{text}, and {share:.1%} of all have another label than most of their group, more than "
            f"gate.max_conflicts={rules.max_conflicts:.1%} allows: {examples}; correct the labels"
        )
    else:
        yield (
            f"{text}, and gate.max_conflicts={rules.max_conflicts:.1%} asks for {1 - rules.max_conflicts:.1%}: "
            f"{examples}; add columns that tell such records apart, or correct the labels"
        )


def _groups(count: int) -> str:
    return "1 group of records is" if count == 1 else f"{count:,} groups of records are"


def _examples(duplicates: Sequence[Duplicate]) -> str:
    return "; ".join(" = ".join(duplicate.places) for duplicate in duplicates[:SHOWN])


def _listed(names: Iterable[str]) -> str:
    shown = [repr(name) for name in sorted(names)]
    more = [f"and {len(shown) - LISTED} more"] if len(shown) > LISTED else []
    return ", ".join(shown[:LISTED] + more)


def _expected(schema: schema_pb2.Schema, name: str) -> str:
    feature = next((feature for feature in schema.feature if feature.name == name), None)
    if feature is None:
        return "no such feature"
    parts = [TYPES.get(feature.type, "any type")]
    domain = feature.WhichOneof("domain_info")
    if domain == "domain":
        values = next(d.value for d in schema.string_domain if d.name == feature.domain)
        parts.append(f"one of {_listed(values)}")
    elif domain == "string_domain":
        parts.append(f"one of {_listed(feature.string_domain.value)}")
    elif domain in ("int_domain", "float_domain"):
        bounds = getattr(feature, domain)
        parts.append(f"from {bounds.min} to {bounds.max}")
    if feature.HasField("distribution_constraints"):
        parts.append(f"for {feature.distribution_constraints.min_domain_mass:.1%} of the values or more")
    if feature.presence.min_fraction == 1:
        parts.append("in every record")
    elif feature.presence.min_fraction:
        parts.append(f"in {feature.presence.min_fraction:.1%} of the records or more")
    return ", ".join(parts)
