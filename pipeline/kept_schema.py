"""Keeps the inferred schema where its user finds it, to be curated."""

from pathlib import Path

from google.protobuf import text_format
from tensorflow_metadata.proto.v0 import schema_pb2
from tfx.utils import io_utils

from components.contract import IMAGE

FILE = "schema.pbtxt"
HEADER = """\
# Inferred from the training split. To make it the law: correct it, save it in schemas/ and name it as curated_schema
# in the catalog file. From then on, data that differs from it stops the run.
"""


def keep_schema(schema_folder: str, home: str) -> Path:
    """Writes the inferred schema to `{home}/schema.pbtxt`.

    Args:
        schema_folder: The folder of the Schema artifact.
        home: The pipeline's folder.

    Returns:
        The written file.
    """
    schema = io_utils.parse_pbtxt_file(io_utils.get_only_uri_in_dir(schema_folder), schema_pb2.Schema())
    for feature in schema.feature:
        if feature.name == IMAGE:  # nothing in the statistics tells a photo from a text
            feature.image_domain.SetInParent()
    path = Path(home) / FILE
    path.write_text(HEADER + text_format.MessageToString(schema, as_utf8=True), encoding="utf-8")
    return path
