"""Defines the artifact type of an ExampleGen's report in ML Metadata."""

from tfx.types.artifact import Artifact


class IngestReportArtifact(Artifact):
    """A folder with `report.json` (an `IngestReport`) and `quarantine.jsonl` (one `Quarantined` a line).

    Of rows there is `columns.json` too: what is in each column of the training split.
    """

    # Kubeflow knows a type by the name it is imported by.
    TYPE_NAME = "components.IngestReportArtifact"
