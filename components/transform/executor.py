"""Defines the executor of Transform."""

from typing import Any

from tensorflow_metadata.proto.v0 import schema_pb2
from tfx import types
from tfx.components.transform import executor as tfx_transform
from tfx.types import artifact_utils
from tfx.types import standard_component_specs as specs
from tfx_bsl.tfxio.tfxio import TFXIO

from components.ingest.report import read_report
from components.transform.labels import write_class_names
from components.transform.reading import BatchedExamples

DESCRIPTORS = ["Transform"]
INGEST_REPORT = "ingest_report"
"""The input with what ExampleGen counted."""


class Processor(tfx_transform.TransformProcessor):
    """TFX's own, but for how gzipped TFRecords of tf.Example are read."""

    def _CreateTFXIO(self, dataset: Any, schema: schema_pb2.Schema) -> TFXIO:
        return BatchedExamples(file_pattern=dataset.file_pattern, schema=schema, telemetry_descriptors=DESCRIPTORS)


class Executor(tfx_transform.Executor):
    """TFX's own, with our processor and the classes of the training split."""

    def Do(
        self,
        input_dict: dict[str, list[types.Artifact]],
        output_dict: dict[str, list[types.Artifact]],
        exec_properties: dict[str, Any],
    ) -> None:
        """Transforms; see TFX."""
        # TFX makes its processor by its name in the module, and has no other way in.
        stock = tfx_transform.TransformProcessor
        tfx_transform.TransformProcessor = Processor
        try:
            super().Do(input_dict, output_dict, exec_properties)
        finally:
            tfx_transform.TransformProcessor = stock
        report = read_report(artifact_utils.get_single_uri(input_dict[INGEST_REPORT]))
        transform_graph = artifact_utils.get_single_uri(output_dict[specs.TRANSFORM_GRAPH_KEY])
        write_class_names(report.labels("train"), transform_graph)
