"""Defines the component Yardstick, which measures simple models on the same rows as the one that is trained."""

from tfx import types
from tfx.dsl.components.base import base_component, executor_spec
from tfx.types import standard_artifacts
from tfx.types.artifact import Artifact
from tfx.types.component_spec import ChannelParameter, ComponentSpec, ExecutionParameter

from components.contract import CLASSIFICATION, Task
from components.ingest.artifact import IngestReportArtifact
from components.yardstick.config import YardstickSettings
from components.yardstick.executor import Executor


class YardstickArtifact(Artifact):
    """A folder with `yardstick.json` (a `components.outcome.Yardstick`)."""

    # Kubeflow knows a type by the name it is imported by.
    TYPE_NAME = "components.YardstickArtifact"


class YardstickSpec(ComponentSpec):
    """What the yardstick takes and makes."""

    PARAMETERS = {
        "settings": ExecutionParameter(type=str),
        "weight": ExecutionParameter(type=str),
        "task": ExecutionParameter(type=str, optional=True),
    }
    INPUTS = {
        "examples": ChannelParameter(type=standard_artifacts.Examples),
        "ingest_report": ChannelParameter(type=IngestReportArtifact),
        "transform_graph": ChannelParameter(type=standard_artifacts.TransformGraph),
    }
    OUTPUTS = {"yardstick": ChannelParameter(type=YardstickArtifact)}


class Yardstick(base_component.BaseComponent):
    """Fits trees and logistic or ridge regression on the training split; measures them and guessing on the test split.

    Output: `yardstick` (YardstickArtifact).
    """

    SPEC_CLASS = YardstickSpec
    EXECUTOR_SPEC = executor_spec.ExecutorClassSpec(Executor)

    def __init__(
        self,
        examples: types.BaseChannel,
        ingest_report: types.BaseChannel,
        transform_graph: types.BaseChannel,
        settings: YardstickSettings,
        weight: str = "",
        task: Task = CLASSIFICATION,
    ) -> None:
        """Declares the step.

        Args:
            examples: With the splits "train" and "test".
            ingest_report: Of the step that wrote them, which has counted them.
            transform_graph: Of the Transform step.
            settings: How many rows.
            weight: The column with each row's weight; "" where there is none.
            task: Whether the label is a class or a number.
        """
        super().__init__(
            spec=YardstickSpec(
                examples=examples,
                ingest_report=ingest_report,
                transform_graph=transform_graph,
                settings=settings.model_dump_json(),
                weight=weight,
                task=None if task == CLASSIFICATION else task,
                yardstick=types.Channel(type=YardstickArtifact),
            )
        )
