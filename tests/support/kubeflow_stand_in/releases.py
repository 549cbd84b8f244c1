"""What differs between the releases of Kubeflow Pipelines, as far as a step sees it."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Release:
    """How a release tells a step of its inputs and outputs.

    Attributes:
        named_outputs: An output has its key as its name, and the executor's output file lies beside the outputs, below
            /gcs. Else outputs have no name and the file is /tmp/kfp_outputs/output_metadata.json
            (component/launcher_v2.go, OutputMetadataFilepath). Both in driver/driver.go, provisionOutputs.
        has_metadata_store: Artifacts are remembered by ML Metadata (metadata/client.go); without it by KFP's own API
            server, which keeps their types (component/importer_launcher.go, preserveArtifactSchema).
        demands_outputs: A step fails that leaves nothing at an output's local path
            (component/launcher_v2.go, uploadOutputArtifacts). Else that is a line in the log.
    """

    named_outputs: bool
    has_metadata_store: bool
    demands_outputs: bool


RELEASES = {
    # Since 2.5.0 each attempt of the driver has a folder of its own in the outputs' URIs (pull request 11243).
    "2.5": Release(named_outputs=False, has_metadata_store=True, demands_outputs=False),
    # After 2.14.3, and as long as there is ML Metadata: 2.18 is to be the last.
    "2.18": Release(named_outputs=True, has_metadata_store=True, demands_outputs=False),
    # Pull requests 13478 and 13986.
    "master": Release(named_outputs=True, has_metadata_store=False, demands_outputs=True),
}
