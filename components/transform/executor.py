"""The executor of Transform."""

from typing import Any

from tensorflow_metadata.proto.v0 import schema_pb2
from tfx.components.transform import executor as tfx_transform
from tfx_bsl.tfxio.tfxio import TFXIO

from components.transform.reading import BatchedExamples

DESCRIPTORS = ["Transform"]


class Executor(tfx_transform.Executor):
    """TFX's own, but for how gzipped TFRecords of tf.Example are read."""

    def _CreateTFXIO(self, dataset: Any, schema: schema_pb2.Schema) -> TFXIO:  # noqa: N802 (TFX's name)
        return BatchedExamples(file_pattern=dataset.file_pattern, schema=schema, telemetry_descriptors=DESCRIPTORS)
