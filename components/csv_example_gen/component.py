"""Defines the component CsvExampleGen."""

from tfx.dsl.components.base.base_beam_component import BaseBeamComponent
from tfx.dsl.components.base.executor_spec import BeamExecutorSpec
from tfx.types import Channel, standard_artifacts

from components.contract import CLASSIFICATION, Task
from components.csv_example_gen.config import POINT, CsvData
from components.csv_example_gen.driver import Driver
from components.csv_example_gen.executor import Executor
from components.ingest.artifact import IngestReportArtifact
from components.ingest.component import ExampleGenSpec


class CsvExampleGen(BaseBeamComponent):
    """Rows in; TFRecords of tf.Example in the splits train, eval and test out, with a report of every row.

    Component `outputs` contains:
     - `examples`: Channel of type `standard_artifacts.Examples`, with a feature for each column and the label in
       the feature `label`, as text or as the number to predict.
     - `ingest_report`: Channel of type `IngestReportArtifact`.
    """

    SPEC_CLASS = ExampleGenSpec
    EXECUTOR_SPEC = BeamExecutorSpec(Executor)
    DRIVER_CLASS = Driver

    def __init__(self, data: CsvData, schema_text: str = "", task: Task = CLASSIFICATION) -> None:
        """Makes the component.

        Args:
            data: Where the rows are and how they become examples.
            schema_text: A Schema proto as text, whose types the columns get; empty to go by the first rows.
            task: Whether the label is a class or a number.
        """
        spec = ExampleGenSpec(
            # A step's cache goes by what it is told: what is as it always was isn't told.
            data=data.model_dump_json(exclude={"decimal"} if data.decimal == POINT else None),
            schema_text=schema_text,
            task=None if task == CLASSIFICATION else task,
            examples=Channel(type=standard_artifacts.Examples),
            ingest_report=Channel(type=IngestReportArtifact),
        )
        super().__init__(spec=spec)
