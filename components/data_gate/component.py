"""Defines the component DataGate, which stops a run whose data breaks the schema or the rules."""

import os

import tensorflow as tf
from tensorflow_metadata.proto.v0 import anomalies_pb2, schema_pb2
from tfx.dsl.component.experimental.annotations import InputArtifact, OutputArtifact, Parameter
from tfx.dsl.component.experimental.decorators import component
from tfx.types import artifact_utils, standard_artifacts
from tfx.utils import io_utils

from components.column_rules import ColumnRules
from components.data_gate.checks import anomaly_faults, ingest_faults
from components.data_gate.columns import column_faults
from components.data_gate.config import GateRules
from components.errors import TransferlineError
from components.ingest.artifact import IngestReportArtifact
from components.ingest.column_splits import read_column_splits
from components.ingest.report import QUARANTINE_FILE, read_report
from components.only_file import only_file

ANOMALIES_FILE = "SchemaDiff.pb"
SCHEMA_FILE = "schema.pbtxt"


@component
def DataGate(
    ingest_report: InputArtifact[IngestReportArtifact],
    schema: InputArtifact[standard_artifacts.Schema],
    anomalies: InputArtifact[standard_artifacts.ExampleAnomalies],
    validated_schema: OutputArtifact[standard_artifacts.Schema],
    rules: Parameter[str],
    columns: Parameter[str],
) -> None:
    """Stops the run, naming every fault, or passes the schema on to Transform.

    Args:
        ingest_report: What ExampleGen found.
        schema: The curated or inferred schema.
        anomalies: ExampleValidator's findings.
        validated_schema: The same schema, which only data that passed has.
        rules: A `GateRules` as JSON.
        columns: `ColumnRules` as JSON, of rows.

    Raises:
        TransferlineError: With all faults at once.
    """
    report = read_report(ingest_report.uri)
    schema_path = only_file(schema.uri)
    schema_proto = io_utils.parse_pbtxt_file(schema_path, schema_pb2.Schema())
    found = {
        split: _read_anomalies(artifact_utils.get_split_uri([anomalies], split))
        for split in artifact_utils.decode_split_names(anomalies.split_names)
    }
    told = {(name, split) for split, anomalies_of in found.items() for name in anomalies_of.anomaly_info}
    faults = [
        *ingest_faults(report, GateRules.model_validate_json(rules)),
        *anomaly_faults(found, schema_proto),
        *column_faults(read_column_splits(ingest_report.uri), ColumnRules.model_validate_json(columns), told),
    ]
    if faults:
        raise TransferlineError(
            "The data didn't pass the gate:\n" + "\n".join(f"  - {fault}" for fault in faults),
            place=os.path.join(ingest_report.uri, QUARANTINE_FILE) if report.quarantined else "",
            cure="Fix the data, or change the schema or the gate's rules if the data is right.",
        )
    tf.io.gfile.makedirs(validated_schema.uri)  # on a cluster nobody has made it
    tf.io.gfile.copy(schema_path, os.path.join(validated_schema.uri, SCHEMA_FILE), overwrite=True)


def _read_anomalies(folder: str) -> anomalies_pb2.Anomalies:
    with tf.io.gfile.GFile(os.path.join(folder, ANOMALIES_FILE), "rb") as file:
        return anomalies_pb2.Anomalies.FromString(file.read())
