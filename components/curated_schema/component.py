"""A schema that a person wrote, brought into the run."""

import os

import tensorflow as tf
from tfx import v1 as tfx
from tfx.dsl.component.experimental.annotations import OutputArtifact, Parameter
from tfx.dsl.component.experimental.decorators import component

SCHEMA_FILE = "schema.pbtxt"


@component
def CuratedSchema(  # noqa: N802 (components are named like classes)
    schema: OutputArtifact[tfx.types.standard_artifacts.Schema], schema_text: Parameter[str]
) -> None:
    """Writes the text of a Schema proto as an artifact.

    TFX's ImportSchemaGen takes a path, so an edited file is still served from the cache, and a container has to find
    it. The text itself is a good cache key, and travels with the compiled pipeline.
    """
    with tf.io.gfile.GFile(os.path.join(schema.uri, SCHEMA_FILE), "w") as file:
        file.write(schema_text)
