"""Defines TFX's Transform for many small records."""

from tfx.components.transform.component import Transform as TfxTransform
from tfx.dsl.components.base.executor_spec import BeamExecutorSpec

from components.transform.executor import Executor


class Transform(TfxTransform):
    """Transform of rows, which are read in whole batches. Photos would fill the memory so: they go through TFX's own.

    Inputs and outputs are those of TFX's Transform.
    """

    EXECUTOR_SPEC = BeamExecutorSpec(Executor)
