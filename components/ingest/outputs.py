"""Writes the quarantine of an ExampleGen, and checks that no record was lost."""

import os
from collections.abc import Iterable, Mapping

import tensorflow as tf

from components.ingest.record_counts import lost
from components.ingest.report import QUARANTINE_FILE, IngestReport, Quarantined


def write_quarantine(quarantined: Iterable[Quarantined], folder: str) -> None:
    """Writes `quarantine.jsonl` into the report's folder."""
    with tf.io.gfile.GFile(os.path.join(folder, QUARANTINE_FILE), "w") as file:
        for item in quarantined:
            file.write(item.model_dump_json() + "\n")


def check_accounted(report: IngestReport, place: str) -> None:
    """Compares what was found with what became of it.

    Args:
        report: What the pipeline says became of each record.
        place: What to name in the error.

    Raises:
        TransferlineError: Records were lost, or counted twice.
    """
    written = {split: report.written(split) for split in report.counts}
    if report.found != sum(written.values()) + report.quarantined + report.unused:
        raise lost(
            f"{report.found} found, {report.quarantined} quarantined, {report.unused} unused, {written} written",
            place,
        )


def check_stored(report: IngestReport, stored: Mapping[str, int], split_folders: Mapping[str, str]) -> None:
    """Compares what was written with what is on disk.

    Args:
        report: What the pipeline says became of each record.
        stored: Records on disk by split, counted by reading them.
        split_folders: The folder of each split.

    Raises:
        TransferlineError: Records were lost, or written twice.
    """
    for split, count in stored.items():
        if count != report.written(split):
            raise lost(f"{report.written(split)} written for {split}, {count} stored", split_folders[split])
