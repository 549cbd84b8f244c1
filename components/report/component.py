"""Defines the report as a step of the pipeline."""

from typing import Any

from tfx import types
from tfx.dsl.components.base import base_component, executor_spec
from tfx.types import standard_artifacts
from tfx.types.artifact import Artifact
from tfx.types.component_spec import ChannelParameter, ComponentSpec, ExecutionParameter

from components.column_roles import ColumnRoles
from components.ingest.artifact import IngestReportArtifact
from components.report.config import ModelCard
from components.report.executor import Executor
from components.yardstick.component import YardstickArtifact


class ReportArtifact(Artifact):
    """A folder with `report.html` and `review.json` (a `Review`), from which other pages are drawn."""

    # Kubeflow knows a type by the name it is imported by.
    TYPE_NAME = "components.ReportArtifact"


class ReportSpec(ComponentSpec):
    """Everything a run leaves behind goes in."""

    PARAMETERS = {
        "pipeline": ExecutionParameter(type=str),
        "columns": ExecutionParameter(type=str),
        "card": ExecutionParameter(type=str),
    }
    INPUTS = {
        "examples": ChannelParameter(type=standard_artifacts.Examples),
        "ingest_report": ChannelParameter(type=IngestReportArtifact),
        "statistics": ChannelParameter(type=standard_artifacts.ExampleStatistics),
        "anomalies": ChannelParameter(type=standard_artifacts.ExampleAnomalies),
        "model": ChannelParameter(type=standard_artifacts.Model),
        "model_run": ChannelParameter(type=standard_artifacts.ModelRun),
        "tuner_results": ChannelParameter(type=standard_artifacts.TunerResults, optional=True),
        "yardstick": ChannelParameter(type=YardstickArtifact, optional=True),
        "evaluation": ChannelParameter(type=standard_artifacts.ModelEvaluation),
        "pushed_model": ChannelParameter(type=standard_artifacts.PushedModel),
    }
    OUTPUTS = {"report": ChannelParameter(type=ReportArtifact)}


class Report(base_component.BaseComponent):
    """Draws the page that a person decides from, for a blessed model and for one that isn't.

    Output: `report` (Report).
    """

    SPEC_CLASS = ReportSpec
    EXECUTOR_SPEC = executor_spec.ExecutorClassSpec(Executor)

    def __init__(
        self,
        pipeline: str,
        inputs: dict[str, types.BaseChannel | None],
        columns: ColumnRoles,
        card: ModelCard,
    ) -> None:
        """Declares the report.

        Args:
            pipeline: The pipeline's name.
            inputs: The channels of `ReportSpec.INPUTS`; `tuner_results` and `yardstick` are None where there is
                no such step.
            columns: What the settings do with the columns of rows.
            card: What the settings say of the model.
        """
        arguments: dict[str, Any] = {key: channel for key, channel in inputs.items() if channel is not None}
        super().__init__(
            spec=ReportSpec(
                pipeline=pipeline,
                columns=columns.model_dump_json(),
                card=card.model_dump_json(),
                report=types.Channel(type=ReportArtifact),
                **arguments,
            )
        )
