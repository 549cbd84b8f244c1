"""Defines the inputs and outputs of our ExampleGens."""

from typing import Any, ClassVar

from tfx.types import standard_artifacts
from tfx.types.component_spec import ChannelParameter, ComponentSpec, ExecutionParameter

from components.ingest.artifact import IngestReportArtifact
from components.ingest.driver import INPUT_FINGERPRINT


class ExampleGenSpec(ComponentSpec):
    """The settings as JSON, a schema as text where there is one, and what belongs to the cache key."""

    PARAMETERS: ClassVar[dict[str, Any]] = {
        "data": ExecutionParameter(type=str),
        "schema_text": ExecutionParameter(type=str, optional=True),
        "task": ExecutionParameter(type=str, optional=True),
        INPUT_FINGERPRINT: ExecutionParameter(type=str, optional=True),
    }
    INPUTS: ClassVar[dict[str, Any]] = {}
    OUTPUTS: ClassVar[dict[str, Any]] = {
        "examples": ChannelParameter(type=standard_artifacts.Examples),
        "ingest_report": ChannelParameter(type=IngestReportArtifact),
    }
