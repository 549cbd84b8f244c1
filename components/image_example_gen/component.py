"""Defines the component ImageExampleGen."""

from tfx.dsl.components.base.base_beam_component import BaseBeamComponent
from tfx.dsl.components.base.executor_spec import BeamExecutorSpec
from tfx.types import Channel, standard_artifacts

from components.image_example_gen.config import ImageData
from components.image_example_gen.driver import Driver
from components.image_example_gen.executor import Executor
from components.ingest.artifact import IngestReportArtifact
from components.ingest.component import ExampleGenSpec


class ImageExampleGen(BaseBeamComponent):
    """Photos in; TFRecords of tf.Example in the splits train, eval and test out, with a report of every file.

    Component `outputs` contains:
     - `examples`: Channel of type `standard_artifacts.Examples`, with the features of `components.contract`.
     - `ingest_report`: Channel of type `IngestReportArtifact`.
    """

    SPEC_CLASS = ExampleGenSpec
    EXECUTOR_SPEC = BeamExecutorSpec(Executor)
    DRIVER_CLASS = Driver

    def __init__(self, data: ImageData) -> None:
        """Makes the component.

        Args:
            data: Where the photos are and how they become examples.
        """
        spec = ExampleGenSpec(
            data=data.model_dump_json(),
            examples=Channel(type=standard_artifacts.Examples),
            ingest_report=Channel(type=IngestReportArtifact),
        )
        super().__init__(spec=spec)
