"""The ingest report, from the small file that the Beam pipeline leaves, and the check that nothing was lost."""

import json
import os

import numpy as np
import tensorflow as tf

from components.contract import SPLITS
from components.errors import TransferlineError
from components.image_example_gen.beam_pipeline import COUNTS, DUPLICATES
from components.image_example_gen.duplicates import worst_first
from components.image_example_gen.names import HIDDEN
from components.image_example_gen.records import Listing
from components.ingest_report import QUARANTINE_FILE, SHOWN, Duplicate, IngestReport, Quarantined


def read_results(path: str, listing: Listing) -> tuple[IngestReport, list[Quarantined]]:
    """Returns the report and everything that is quarantined, by place.

    Args:
        path: The file of results that the pipeline wrote.
        listing: What had been found.
    """
    counts: dict[str, dict[str, int]] = {split: {} for split in SPLITS}
    duplicates: list[Duplicate] = []
    quarantined = list(listing.quarantined)
    with tf.io.gfile.GFile(path) as file:
        for line in file:
            kind, value = json.loads(line)
            if kind == COUNTS:
                (split, label), count = value
                counts[split][label] = count
            elif kind == DUPLICATES:
                duplicates.append(Duplicate.model_validate(value))
            else:
                quarantined.append(Quarantined.model_validate(value))
    quarantined.sort(key=lambda item: (item.place, item.reason))
    report = IngestReport(
        found=listing.found,
        counts={split: dict(sorted(labels.items())) for split, labels in counts.items()},
        quarantined=len(quarantined),
        hidden=sum(item.reason.startswith(HIDDEN) for item in quarantined),
        first_quarantined=tuple(quarantined[:SHOWN]),
        duplicates=worst_first(duplicates),
    )
    return report, quarantined


def write_quarantine(quarantined: list[Quarantined], folder: str) -> None:
    """Writes `quarantine.jsonl` into the report's folder."""
    with tf.io.gfile.GFile(os.path.join(folder, QUARANTINE_FILE), "w") as file:
        for item in quarantined:
            file.write(item.model_dump_json() + "\n")


def check_nothing_lost(report: IngestReport, split_folders: dict[str, str]) -> None:
    """Counts the records on disk and compares them with what was found.

    Raises:
        TransferlineError: Records were lost, or written twice.
    """
    stored = {split: _count_records(folder) for split, folder in split_folders.items()}
    reported = {split: report.written(split) for split in split_folders}
    if stored == reported and report.found == sum(stored.values()) + report.quarantined:
        return
    raise TransferlineError(
        f"Records were lost or doubled on the way: {report.found} found, {report.quarantined} quarantined, "
        f"{reported} read, {stored} stored.",
        place=", ".join(split_folders.values()),
        cure="Run again; if it comes back, name another Beam runner in beam_pipeline_args.",
    )


def _count_records(folder: str) -> int:
    files = tf.io.gfile.glob(os.path.join(folder, "*.gz"))
    records = tf.data.TFRecordDataset(files, compression_type="GZIP")
    return int(records.reduce(np.int64(0), lambda count, _: count + 1))
