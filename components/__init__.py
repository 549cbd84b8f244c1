"""The components of a Transferline pipeline, one folder each. None of them imports `pipeline/`."""

from importlib import import_module

ARTIFACT_TYPES = {
    "IngestReportArtifact": "components.ingest.artifact",
    "ReportArtifact": "components.report.component",
    "YardstickArtifact": "components.yardstick.component",
}
"""The module of each of our artifact types. Clusters know a type as `package.Class` and import it by that name."""


def __getattr__(name: str) -> object:
    """Imports an artifact type when it is asked for: that takes TFX."""
    if name in ARTIFACT_TYPES:
        return getattr(import_module(ARTIFACT_TYPES[name]), name)
    raise AttributeError(f"module 'components' has no attribute '{name}'")
