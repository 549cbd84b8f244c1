"""Defines the executor of Transform."""

from typing import Any

from tensorflow_metadata.proto.v0 import schema_pb2
from tfx import types
from tfx.components.transform import executor as tfx_transform
from tfx_bsl.tfxio.tfxio import TFXIO

from components.transform.reading import BatchedExamples

DESCRIPTORS = ["Transform"]


class Processor(tfx_transform.TransformProcessor):
    """TFX's own, but for how gzipped TFRecords of tf.Example are read."""

    def _CreateTFXIO(self, dataset: Any, schema: schema_pb2.Schema) -> TFXIO:
        return BatchedExamples(file_pattern=dataset.file_pattern, schema=schema, telemetry_descriptors=DESCRIPTORS)


class Executor(tfx_transform.Executor):
    """TFX's own, with our processor."""

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
