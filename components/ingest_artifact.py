"""The name that pipelines compiled before 0.2.0 hold of an artifact type; see `components.ingest.artifact`."""

from components.ingest.artifact import IngestReportArtifact

__all__ = ["IngestReportArtifact"]
