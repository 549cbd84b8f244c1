"""Runs the Transform step, as a pipeline does, on records that are given."""

import json

import tensorflow as tf
from google.protobuf import text_format
from tfx.types import standard_artifacts

from components.csv_example_gen.column_counts import write_columns
from components.ingest.artifact import IngestReportArtifact
from components.ingest.record_files import shard_name
from components.ingest.report import IngestReport, write_report
from components.transform.executor import Executor
from pipeline.config import Beam

BEAM = list(Beam().arguments)
INPUTS = {
    "examples": standard_artifacts.Examples,
    "schema": standard_artifacts.Schema,
    "ingest_report": IngestReportArtifact,
}


def transform_graph(folder, kind, settings, schema, labels, records=(), columns=(), **told):
    """Returns the folder of the transform graph.

    Args:
        folder: Where artifacts go.
        kind: "rows" or "photos".
        settings: A RowTransform or an ImageTransform.
        schema: A Schema proto.
        labels: Those of the training split.
        records: Serialized tf.Examples of the training split.
        columns: What was counted in each column of it; none counts nothing, as of photos.
        told: What else the step is told.
    """
    artifacts = {
        name: kind() for name, kind in (INPUTS | {"transform_graph": standard_artifacts.TransformGraph}).items()
    }
    for name, artifact in artifacts.items():
        artifact.uri = str(folder / name)
        (folder / name).mkdir(parents=True)
    artifacts["examples"].split_names = '["train"]'
    (folder / "schema" / "schema.pbtxt").write_text(text_format.MessageToString(schema))
    counts = {"train": {label: list(labels).count(label) for label in labels}, "test": {"of the test": 1}}
    write_report(IngestReport(found=len(labels) + 1, counts=counts, quarantined=0), str(folder / "ingest_report"))
    if columns:
        write_columns(columns, str(folder / "ingest_report"))
    (folder / "examples" / "Split-train").mkdir()
    with tf.io.TFRecordWriter(str(folder / "examples" / "Split-train" / shard_name(0, 1)), "GZIP") as writer:
        for record in records:
            writer.write(record)
    properties = {
        "preprocessing_fn": f"components.transform.{kind}.preprocessing_fn",
        "custom_config": json.dumps({"transform": settings.model_dump(mode="json"), **told}),
        "force_tf_compat_v1": 0,
        "disable_statistics": 1,
    }
    outputs = {"transform_graph": [artifacts["transform_graph"]]}
    Executor(Executor.Context(beam_pipeline_args=BEAM)).Do(
        {name: [artifacts[name]] for name in INPUTS}, outputs, properties
    )
    return artifacts["transform_graph"].uri
