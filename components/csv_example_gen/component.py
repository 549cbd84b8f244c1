"""The component CsvExampleGen."""

from typing import Any, ClassVar

from tfx.dsl.components.base.base_beam_component import BaseBeamComponent
from tfx.dsl.components.base.executor_spec import BeamExecutorSpec
from tfx.types import Channel, standard_artifacts
from tfx.types.component_spec import ChannelParameter, ComponentSpec, ExecutionParameter

from components.csv_example_gen.config import CsvData
from components.csv_example_gen.driver import Driver
from components.csv_example_gen.executor import Executor
from components.ingest.driver import INPUT_FINGERPRINT
from components.ingest_report import IngestReportArtifact


class CsvExampleGenSpec(ComponentSpec):
    """What goes into CsvExampleGen and what comes out."""

    PARAMETERS: ClassVar[dict[str, Any]] = {
        "data": ExecutionParameter(type=str),
        "schema_text": ExecutionParameter(type=str),
        "source_fingerprint": ExecutionParameter(type=str),
        INPUT_FINGERPRINT: ExecutionParameter(type=str, optional=True),
    }
    INPUTS: ClassVar[dict[str, Any]] = {}
    OUTPUTS: ClassVar[dict[str, Any]] = {
        "examples": ChannelParameter(type=standard_artifacts.Examples),
        "ingest_report": ChannelParameter(type=IngestReportArtifact),
    }


class CsvExampleGen(BaseBeamComponent):
    """Rows in; TFRecords of tf.Example in the splits train, eval and test out, with a report of every row.

    Component `outputs` contains:
     - `examples`: Channel of type `standard_artifacts.Examples`, with a feature for each column and the label as text
       in the feature `label`.
     - `ingest_report`: Channel of type `IngestReportArtifact`.
    """

    SPEC_CLASS = CsvExampleGenSpec
    EXECUTOR_SPEC = BeamExecutorSpec(Executor)
    DRIVER_CLASS = Driver

    def __init__(self, data: CsvData, schema_text: str = "", source_fingerprint: str = "") -> None:
        """Makes the component.

        Args:
            data: Where the rows are and how they become examples.
            schema_text: A Schema proto as text, whose types the columns get; empty to go by the first rows.
            source_fingerprint: A digest of the source code that the component uses; part of the cache key.
        """
        spec = CsvExampleGenSpec(
            data=data.model_dump_json(),
            schema_text=schema_text,
            source_fingerprint=source_fingerprint,
            examples=Channel(type=standard_artifacts.Examples),
            ingest_report=Channel(type=IngestReportArtifact),
        )
        super().__init__(spec=spec)
