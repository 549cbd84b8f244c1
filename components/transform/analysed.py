"""Counts the rows that the analyzers of a transform graph look at, so that an engine that loses some is found out.

TFT packs the sums of all analyzers, this one among them: what is lost or doubled on the way takes its count along. It
comes out as the bounds of an output that nobody takes, which stand in the schema beside the graph.
"""

import os

import tensorflow as tf
import tensorflow_transform as tft
from google.protobuf import text_format
from tensorflow_metadata.proto.v0 import schema_pb2
from tensorflow_transform import schema_inference

ANALYSED_ROWS = "analysed_rows"
"""The name of the output."""

SCHEMA = os.path.join(tft.TFTransformOutput.TRANSFORMED_METADATA_DIR, "schema.pbtxt")
MADE = (
    os.path.join(tft.TFTransformOutput.TRANSFORM_FN_DIR, "saved_model.pb"),
    os.path.join(tft.TFTransformOutput.RAW_METADATA_DIR, "schema.pbtxt"),
    SCHEMA,
)
"""Files without which a transform graph isn't whole."""


def counted_rows(feature: tf.Tensor | tf.SparseTensor) -> tf.Tensor:
    """Has TFT count the rows; returns int64 [batch], in each row how many were analysed.

    Args:
        feature: A raw feature that is analysed, [batch, ...]; another one would be read for this alone.
    """
    shape = feature.dense_shape if isinstance(feature, tf.SparseTensor) else tf.shape(feature, tf.int64)
    rows = tft.sum(shape[:1])
    in_each = tf.fill(shape[:1], rows)
    schema_inference.set_tensor_schema_override(in_each, rows, rows)
    return in_each


def analysed_rows(transform_graph: str) -> int | None:
    """Returns how many rows were analysed; None where none had to be.

    Args:
        transform_graph: Folder of the Transform step's output.
    """
    with tf.io.gfile.GFile(os.path.join(transform_graph, SCHEMA)) as file:
        schema = text_format.Parse(file.read(), schema_pb2.Schema())
    counts = [feature.int_domain.max for feature in schema.feature if feature.name == ANALYSED_ROWS]
    return counts[0] if counts else None


def missing_parts(transform_graph: str) -> list[str]:
    """Returns the files of a transform graph that aren't there."""
    return [name for name in MADE if not tf.io.gfile.exists(os.path.join(transform_graph, name))]
