"""Keeps the artifact type importable for pipelines compiled before 0.2.0; see `components.ingest.artifact`."""

from components.ingest.artifact import IngestReportArtifact

__all__ = ["IngestReportArtifact"]
