"""A look at photos: what the layout tells; no photo is opened."""

import os
from collections import Counter
from collections.abc import Iterator

from components.data_gate.config import GateRules
from components.errors import TransferlineError
from components.image_example_gen.config import ImageData
from components.image_example_gen.listing import Layout, list_photos, recognise
from components.image_example_gen.names import PHOTO_NAME
from components.image_example_gen.records import Listing
from components.image_example_gen.splits import make_rule
from components.image_example_gen.tfrecord_names import split_of_file, tfrecord_names
from components.ingest.file_names import HIDDEN
from components.wording import listed
from pipeline.checks.finding import Finding, fault, of_error, ok, warning
from pipeline.checks.look import Look, class_findings

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
        if layout is Layout.TFRECORDS:
            return Look((_tfrecords(data.path),))
        if layout is Layout.TAR and os.path.getsize(data.path) > TAR_BYTES:
            return Look((ok("data", f"{data.path}: too large a .tar.gz to look into before the run"),))
        listing = list_photos(data)
    except TransferlineError as error:
        return Look((of_error("data", error),))
    counts = Counter(target.label for target in listing.targets)
    found = ok("data", f"{data.path}: {len(listing.targets):,} photos, laid out as {layout.value}")
    findings = (
        found,
        *class_findings(counts, "photos"),
        *_splits(data, listing),
        *_unlike_photos(listing),
        *_quarantined(listing, gate),
    )
    return Look(findings, frozenset(counts))


def _tfrecords(path: str) -> Finding:
    names = [name for name, reason in tfrecord_names(path) if not reason]
    splits = sorted({split_of_file(name) for name in names} - {""})
    laid_out = f", named {listed(splits)}" if splits else ""
    return ok("data", f"{path}: {len(names):,} TFRecord files{laid_out}; the records in them weren't looked at")


def _splits(data: ImageData, listing: Listing) -> Iterator[Finding]:
    try:
        rule = make_rule(data.split, listing.laid_out, data.path)
    except TransferlineError as error:
        yield of_error("splits", error)
        return
    if not rule.by_folder:
        shares = f"train {data.split.train:.0%}, eval {data.split.eval:.0%}, test {data.split.test:.0%}"
        yield ok("splits", f"by hash: {shares}")
        return
    counts = Counter(target.laid_out for target in listing.targets)
    yield ok("splits", "as laid out: " + ", ".join(f"{name} {counts[name]:,}" for name in sorted(listing.laid_out)))
    trained = {target.label for target in listing.targets if target.laid_out == "train"}
    unseen = {target.label for target in listing.targets} - trained
    if unseen and trained:
        cure = "add photos of it to the training split, or remove it"
        yield fault("splits", f"not in the training split, but in another: the class {listed(sorted(unseen))}", cure)


def _unlike_photos(listing: Listing) -> Iterator[Finding]:
    names = [target.name for target in listing.targets if not PHOTO_NAME.search(target.name)]
    if names:
        text = f"{len(names):,} aren't named like photos: {listed(names, 3)}"
        yield warning("files", text, "move them away: what turns out to be no photo goes to quarantine")


def _quarantined(listing: Listing, gate: GateRules) -> Iterator[Finding]:
    meant = [item for item in listing.quarantined if not item.reason.startswith(HIDDEN)]
    if not meant:
        return
    total = len(meant) + len(listing.targets)
    first = listed([f"{item.place} ({item.reason})" for item in meant], 3)
    text = f"{len(meant):,} of {total:,} go to quarantine: {first}"
    if len(meant) / total > gate.max_quarantined:
        yield fault("files", text, f"mend or remove them: gate.max_quarantined is {gate.max_quarantined:.1%}")
    else:
        yield warning("files", text, "mend or remove them, if they were meant as data")
