"""Checks that a curated schema allows the classes of the data; the run itself checks all other values."""

from collections.abc import Iterator

from google.protobuf import text_format
from tensorflow_metadata.proto.v0 import schema_pb2

from components.contract import LABEL
from components.wording import listed, nearest
from pipeline.checks.finding import Finding, fault
from pipeline.checks.look import Look
from pipeline.config import PipelineConfig


def check_schema(config: PipelineConfig, look: Look) -> Iterator[Finding]:
    """Yields each class of the data that the curated schema doesn't know.

    Args:
        config: The pipeline.
        look: What is known of its data.
    """
    if not config.curated_schema or not look.classes:
        return
    allowed = label_domain(config.schema_path.read_text(encoding="utf-8"))
    for name in sorted(look.classes - set(allowed)) if allowed else ():
        text = f"{config.curated_schema} doesn't know the class '{name}'{nearest(name, allowed)}"
        yield fault("schema", text, f"Name the classes {listed(allowed)}, by data.class_aliases too, or add it there.")


def label_domain(schema_text: str) -> tuple[str, ...]:
    """Returns the classes that a schema allows; none if it doesn't say.

    Args:
        schema_text: A Schema proto as text.
    """
    schema = text_format.Parse(schema_text, schema_pb2.Schema())
    for feature in schema.feature:
        if feature.name == LABEL:
            named = [domain for domain in schema.string_domain if domain.name == feature.domain]
            return tuple((named[0] if named else feature.string_domain).value)
    return ()
