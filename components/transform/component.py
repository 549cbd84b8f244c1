"""Defines TFX's Transform with what ExampleGen counted as one more input."""

from typing import Any

from tfx import types
from tfx.components.transform.component import Transform as TfxTransform
from tfx.dsl.components.base.base_beam_component import BaseBeamComponent
from tfx.dsl.components.base.executor_spec import BeamExecutorSpec
from tfx.types import standard_artifacts
from tfx.types import standard_component_specs as specs
from tfx.types.component_spec import ChannelParameter
from tfx.utils import json_utils

from components.ingest.artifact import IngestReportArtifact
from components.transform.executor import INGEST_REPORT, Executor

STATISTICS = {
    "pre_transform_schema": standard_artifacts.Schema,
    "pre_transform_stats": standard_artifacts.ExampleStatistics,
    "post_transform_schema": standard_artifacts.Schema,
    "post_transform_stats": standard_artifacts.ExampleStatistics,
    "post_transform_anomalies": standard_artifacts.ExampleAnomalies,
}
"""Outputs that TFX's Transform has where it computes statistics."""


class TransformSpec(specs.TransformSpec):
    """TFX's, with ExampleGen's report as one more input."""

    PARAMETERS = specs.TransformSpec.PARAMETERS
    INPUTS = {**specs.TransformSpec.INPUTS, INGEST_REPORT: ChannelParameter(type=IngestReportArtifact)}
    OUTPUTS = specs.TransformSpec.OUTPUTS
    TYPE_ANNOTATION = specs.TransformSpec.TYPE_ANNOTATION


class Transform(TfxTransform):
    """Makes the transform graph; outputs are those of TFX's Transform that materialises nothing and keeps no cache.

    A decoded photo takes fifty times its JPEG, and a row is packed as fast as it is read: training, evaluation and
    serving apply the graph instead. A cache would be for spans of data, which there are none of, and is a third of the
    step.
    """

    SPEC_CLASS = TransformSpec
    EXECUTOR_SPEC = BeamExecutorSpec(Executor)

    def __init__(
        self,
        examples: types.BaseChannel,
        schema: types.BaseChannel,
        ingest_report: types.BaseChannel,
        preprocessing_fn: str,
        custom_config: dict[str, Any],
        *,
        statistics: bool = False,
    ) -> None:
        """Declares the step.

        Args:
            examples: With a split "train", which is analysed.
            schema: Of the examples.
            ingest_report: Of the step that made the examples.
            preprocessing_fn: Dotted path of the function that makes the graph.
            custom_config: What it is told.
            statistics: Whether to compute statistics of what goes in and what comes out.
        """
        outputs = {name: types.Channel(type=kind) for name, kind in STATISTICS.items()} if statistics else {}
        spec = TransformSpec(
            examples=examples,
            schema=schema,
            ingest_report=ingest_report,
            preprocessing_fn=preprocessing_fn,
            force_tf_compat_v1=0,
            custom_config=json_utils.dumps(custom_config),
            disable_statistics=int(not statistics),
            transform_graph=types.Channel(type=standard_artifacts.TransformGraph),
            **outputs,
        )
        BaseBeamComponent.__init__(self, spec=spec)
