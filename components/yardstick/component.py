"""Defines the component Yardstick, which measures simple models on the same rows as the one that is trained."""

from tfx import types
from tfx.dsl.components.base import base_component, executor_spec
from tfx.types import standard_artifacts
from tfx.types.artifact import Artifact
from tfx.types.component_spec import ChannelParameter, ComponentSpec, ExecutionParameter

from components.contract import CLASSIFICATION, Task
from components.ingest.artifact import IngestReportArtifact
from components.settings import Settings
from components.yardstick.config import YardstickSettings
from components.yardstick.executor import Executor
from components.yardstick.photo_executor import PhotoExecutor


class YardstickArtifact(Artifact):
    """A folder with `yardstick.json` (a `components.outcome.Yardstick`)."""

    # Kubeflow knows a type by the name it is imported by.
    TYPE_NAME = "components.YardstickArtifact"


class PhotoYardstickSpec(ComponentSpec):
    """What the yardstick of photos takes and makes."""

    PARAMETERS = {name: ExecutionParameter(type=str) for name in ("settings", "trainer", "features_fn")}
    INPUTS = {
        "examples": ChannelParameter(type=standard_artifacts.Examples),
        "transform_graph": ChannelParameter(type=standard_artifacts.TransformGraph),
        "model_run": ChannelParameter(type=standard_artifacts.ModelRun),
    }
    OUTPUTS = {"yardstick": ChannelParameter(type=YardstickArtifact)}


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


class PhotoYardstick(base_component.BaseComponent):
    """Fits a linear probe on what the Trainer stored of the training photos, and measures it on the test split.

    Output: `yardstick` (YardstickArtifact).
    """

    SPEC_CLASS = PhotoYardstickSpec
    EXECUTOR_SPEC = executor_spec.ExecutorClassSpec(PhotoExecutor)

    def __init__(
        self,
        examples: types.BaseChannel,
        transform_graph: types.BaseChannel,
        model_run: types.BaseChannel,
        settings: YardstickSettings,
        trainer: Settings,
        features_fn: str,
    ) -> None:
        """Declares the step.

        Args:
            examples: With the splits "train" and "test".
            transform_graph: Of the Transform step.
            model_run: Of the Trainer, which has noted there what it stored.
            settings: How many photos.
            trainer: The Trainer's settings.
            features_fn: Dotted path of the function that returns what is stored.
        """
        super().__init__(
            spec=PhotoYardstickSpec(
                examples=examples,
                transform_graph=transform_graph,
                model_run=model_run,
                settings=settings.model_dump_json(),
                trainer=trainer.model_dump_json(),
                features_fn=features_fn,
                yardstick=types.Channel(type=YardstickArtifact),
            )
        )
