"""Turns counts of classes and of unusable records into findings, for photos and rows alike."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from components.contract import SPLITS
from components.data_gate.config import GateRules
from components.ingest.findings import missing_classes, missing_classes_text
from components.ingest.report import Quarantined
from components.wording import listed
from pipeline.checks.finding import Finding, fault, ok, warning
from pipeline.profile.classes import MIN_CLASSES, count_of, few, unbalanced, with_counts
from pipeline.profile.quarantine import Quarantine

SHOWN = 3


@dataclass(frozen=True)
class Look:
    """What was found, and what of it other checks go by.

    Attributes:
        findings: In the order in which they are shown.
        classes: The classes; None where that isn't known.
        columns: The columns of rows, but for the label; None for photos, and where that isn't known.
    """

    findings: tuple[Finding, ...]
    classes: frozenset[str] | None = None
    columns: tuple[str, ...] | None = None


def class_findings(counts: Mapping[str, int], what: str, *, whole: bool = True) -> Iterator[Finding]:
    """Yields what there is to say of the records of each class.

    Args:
        counts: Records by class.
        what: What the records are: "photos" or "rows".
        whole: Whether all records were counted.
    """
    counted = with_counts(counts) + ("" if whole else f"; of {sum(counts.values()):,} {what} that were read")
    if len(counts) < MIN_CLASSES:
        found = f"There is one class alone ({counted})." if counts else "There is no class."
        if whole:
            yield fault("classes", found, f"A classifier needs {what} of two or more classes.")
        else:
            yield warning("classes", found, "Check that the label is the one that is meant.")
        return
    yield ok("classes", f"{count_of(len(counts), 'class', 'classes')} ({counted})")
    records = what if whole else f"{what} read"
    if uneven := unbalanced(counts, records):
        yield warning(
            "classes", f"{uneven}.", 'Bound the metrics of each class too, by a threshold with slice="label".'
        )
    if rare := few(counts, records):
        yield warning("classes", f"{rare}.", f"Add {what}, or leave the class out: it may be missing from a split.")


def leak_finding(text: str, gate: GateRules) -> Finding:
    """Returns what there is to say of records that are the same in train and test.

    Args:
        text: How many, or which.
        gate: What the gate makes of them.
    """
    text = f"{text}, so the test would be too optimistic."
    cure = "Remove one copy of each, or split by hash (data.split.by=hash)"
    if gate.fail_on_leak:
        return fault("splits", text, f"{cure}; or let them pass with gate.fail_on_leak=false.")
    return warning("splits", text, f"{cure}.")


def missing_findings(
    counts: Mapping[str, int], gate: GateRules, what: str, by_split: Mapping[str, Mapping[str, int]] | None = None
) -> Iterator[Finding]:
    """Yields the classes that miss a split, or have too few records to be in each.

    Args:
        counts: Records by class; empty where not all were counted.
        gate: The pipeline's rules.
        what: What the records are: "photos" or "rows".
        by_split: Records by split, then by class, where they are laid out so.
    """
    names = missing_classes(by_split or {})
    text = missing_classes_text(names, by_split or {})
    if not names and (few_of := {name: count for name, count in counts.items() if count < len(SPLITS)}):
        text = f"Too few {what} to be in train, eval and test: {with_counts(few_of)}"
    if not text or len(counts) < MIN_CLASSES:
        return
    cure = f"Add {what}, or leave the class out."
    if gate.fail_on_missing_class:
        yield fault("splits", f"{text}; gate.fail_on_missing_class stops the run.", cure)
    else:
        yield warning("splits", f"{text}.", cure)


def quarantine_findings(
    found: Quarantine, faults: list[Quarantined], gate: GateRules, subject: str
) -> Iterator[Finding]:
    """Yields what there is to say of what can't be used.

    Args:
        found: How much that is.
        faults: What it is, or the first of it.
        gate: The pipeline's rules.
        subject: What was looked at.
    """
    if not found.count:
        return
    more = f" and {found.count - SHOWN:,} more" if found.count > SHOWN else ""
    text = f"{found.text}: {listed([f'{each.place}: {each.reason}' for each in faults[:SHOWN]], between='; ')}{more}"
    if found.stops(gate.max_quarantined):
        text += f"; more than gate.max_quarantined = {gate.max_quarantined:.1%} stops the run."
        yield fault(subject, text, f"Fix them, or leave them out with --set {found.setting}.")
    else:
        yield warning(subject, f"{text}.", "Fix them, if they were meant as data.")
