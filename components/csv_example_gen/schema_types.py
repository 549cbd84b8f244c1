"""Reads the types of columns from a curated schema."""

from google.protobuf import text_format
from tensorflow_metadata.proto.v0 import schema_pb2

from components.csv_example_gen.config import ColumnType

COLUMN_TYPES: dict[int, ColumnType] = {schema_pb2.FLOAT: "float", schema_pb2.INT: "int", schema_pb2.BYTES: "string"}


def schema_types(schema_text: str, label: str) -> dict[str, ColumnType]:
    """Returns the type of each feature of a schema, but for the label, which records always hold as text.

    Args:
        schema_text: A Schema proto as text; "" if there is none.
        label: The label's column.
    """
    schema = text_format.Parse(schema_text, schema_pb2.Schema())
    return {
        feature.name: COLUMN_TYPES[feature.type]
        for feature in schema.feature
        if feature.type in COLUMN_TYPES and feature.name != label
    }
