"""The artifact that keeps an ingest report, and how it is written and read."""

import json
import os

import tensorflow as tf
from tfx.types.artifact import Artifact

from components.ingest_report import IngestReport

REPORT_FILE = "report.json"
QUARANTINE_FILE = "quarantine.jsonl"


class IngestReportArtifact(Artifact):
    """A folder with `report.json` (an `IngestReport`) and `quarantine.jsonl` (one `Quarantined` a line)."""

    TYPE_NAME = "IngestReport"


def write_report(report: IngestReport, folder: str) -> None:
    """Writes `report.json` into an artifact's folder."""
    with tf.io.gfile.GFile(os.path.join(folder, REPORT_FILE), "w") as file:
        file.write(report.model_dump_json(indent=2))


def read_report(folder: str) -> IngestReport:
    """Reads `report.json` from an artifact's folder."""
    with tf.io.gfile.GFile(os.path.join(folder, REPORT_FILE)) as file:
        return IngestReport.model_validate(json.loads(file.read()))
