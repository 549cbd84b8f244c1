"""Checks photos for `transferline check`."""

import os
from collections.abc import Iterator
from itertools import chain

from components.data_gate.config import GateRules
from components.errors import TransferlineError
from components.image_example_gen.config import ImageData
from components.image_example_gen.listing import PhotoLayout, recognise
from components.image_example_gen.splits import make_rule
from components.image_example_gen.tfrecord_names import split_of_file, tfrecord_names
from components.ingest.findings import REFUSE_OUTSIDE
from components.ingest.report import Quarantined
from components.wording import listed
from pipeline.checks.finding import Finding, fault, of_error, ok, warning
from pipeline.checks.look import SHOWN, Look, class_findings, leak_finding, missing_findings, quarantine_findings
from pipeline.profile.classes import count_of
from pipeline.profile.photos import PhotoFindings, profile_photos

TAR_BYTES = 256 * 2**20
"""A .tar.gz can only be listed by inflating it: a larger one takes too long for a look."""


def look_at_photos(data: ImageData, gate: GateRules) -> Look:
    """Looks at local photos.

    Args:
        data: With a local path.
        gate: What the gate will ask of them.
    """
    try:
        layout = recognise(data.path)
        if layout is PhotoLayout.TFRECORDS:
            return Look((_tfrecords(data.path),))
        if layout is PhotoLayout.TAR and os.path.getsize(data.path) > TAR_BYTES:
            return Look((ok("data", f"{data.path}: too large a .tar.gz to look into before the run"),))
        found = profile_photos(data)
    except TransferlineError as error:
        return Look((of_error("data", error),))
    findings = (
        ok(
            "data",
            f"{data.path}: {count_of(found.photos, 'photo', 'photos')}, laid out as {layout.value}{_read(found)}",
        ),
        *([warning("data", f"{found.outside}.", REFUSE_OUTSIDE)] if found.outside else []),
        *class_findings(found.counts, "photos"),
        *_splits(found, gate),
        *_missing(found, gate),
        *quarantine_findings(found.quarantine, _faults(found), gate, "files"),
        *_copies(found),
    )
    return Look(findings, frozenset(found.counts))


def _tfrecords(path: str) -> Finding:
    names = [name for name, reason in tfrecord_names(path) if not reason]
    splits = sorted({split_of_file(name) for name in names} - {""})
    laid_out = f", named {listed(splits)}" if splits else ""
    return ok("data", f"{path}: {len(names):,} TFRecord files{laid_out}; the records in them weren't looked at")


def _read(found: PhotoFindings) -> str:
    return "" if found.all_read else f"; {found.read:,} of them were read"


def _splits(found: PhotoFindings, gate: GateRules) -> Iterator[Finding]:
    split = found.data.split
    try:
        rule = make_rule(split, found.laid_out, found.data.path)
    except TransferlineError as error:
        yield of_error("splits", error)
        return
    if not rule.by_folder:
        yield ok("splits", f"By hash: train {split.train:.0%}, eval {split.eval:.0%}, test {split.test:.0%}")
        return
    counts = found.by_split
    yield ok(
        "splits", "As laid out: " + ", ".join(f"{name} {counts.get(name, 0):,}" for name in sorted(found.laid_out))
    )
    if found.untrained:
        cure = "Add photos of it to the training split, or remove it."
        yield fault("splits", f"Not in the training split, but in another: the class {listed(found.untrained)}.", cure)
    if found.leaks_to_test:
        yield leak_finding(f"Photos are identical in train and test: {_groups(found.leaks_to_test)}", gate)
    elif found.leaks:
        text = f"Photos are identical in different splits: {_groups(found.leaks)}."
        yield warning(
            "splits", text, 'Remove the copies, or set data.split.by to "hash": such a test would be too optimistic.'
        )


def _missing(found: PhotoFindings, gate: GateRules) -> Iterator[Finding]:
    laid_out = found.data.split.by != "hash" and {"train", "test"} <= found.laid_out
    return missing_findings(found.counts, gate, "photos", found.splits if laid_out else None)


def _faults(found: PhotoFindings) -> list[Quarantined]:
    empty = [Quarantined(place=name, reason="the folder is empty") for name in found.empty_folders]
    copies = [Quarantined(place=name, reason="its bytes are in another class, too") for name in chain(*found.copies)]
    return [*found.rejected, *found.others, *empty, *copies]


def _copies(found: PhotoFindings) -> Iterator[Finding]:
    if found.copies:
        text = f"Photos are identical in different classes, and a run sets them aside: {_groups(found.copies)}."
        yield warning("files", text, "Keep each in one class.")


def _groups(groups: tuple[tuple[str, ...], ...]) -> str:
    return listed([" = ".join(group[:SHOWN]) for group in groups], SHOWN, "; ")
