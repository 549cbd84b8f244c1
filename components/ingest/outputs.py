"""What an ExampleGen leaves behind: the splits' TFRecords, the quarantine, and the check that nothing was lost."""

import os
from collections.abc import Mapping, Sequence

import tensorflow as tf
from tfx import types
from tfx.components.util import examples_utils
from tfx.proto import example_gen_pb2
from tfx.types import artifact_utils

from components.contract import SPLITS
from components.errors import TransferlineError
from components.ingest_report import QUARANTINE_FILE, IngestReport, Quarantined

RECORDS_PREFIX = "data_tfrecord"
RECORDS_SUFFIX = ".gz"


def prepare_examples(artifacts: list[types.Artifact]) -> dict[str, str]:
    """Sets what the stock ExampleGen sets on its examples, and returns the folder of each split."""
    examples = artifact_utils.get_single_instance(artifacts)
    examples.split_names = artifact_utils.encode_split_names(list(SPLITS))
    examples_utils.set_payload_format(examples, example_gen_pb2.FORMAT_TF_EXAMPLE)
    examples_utils.set_file_format(examples, "tfrecords_gzip")
    return {split: artifact_utils.get_split_uri(artifacts, split) for split in SPLITS}


def write_quarantine(quarantined: Sequence[Quarantined], folder: str) -> None:
    """Writes `quarantine.jsonl` into the report's folder."""
    with tf.io.gfile.GFile(os.path.join(folder, QUARANTINE_FILE), "w") as file:
        for item in quarantined:
            file.write(item.model_dump_json() + "\n")


def check_nothing_lost(report: IngestReport, stored: Mapping[str, int], split_folders: Mapping[str, str]) -> None:
    """Compares what was found with what is on disk.

    Args:
        report: What the pipeline says became of each record.
        stored: Records on disk by split.
        split_folders: The folder of each split.

    Raises:
        TransferlineError: Records were lost, or written twice.
    """
    reported = {split: report.written(split) for split in split_folders}
    accounted = sum(stored.values()) + report.quarantined + report.unused
    if dict(stored) == reported and report.found == accounted:
        return
    raise TransferlineError(
        f"Records were lost or doubled on the way: {report.found} found, {report.quarantined} quarantined, "
        f"{report.unused} unused, {reported} read, {dict(stored)} stored.",
        place=", ".join(split_folders.values()),
        cure="Run again; if it comes back, name another Beam runner in beam_args.",
    )
