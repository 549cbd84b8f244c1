"""Runs a pipeline on this machine, step by step, and keeps a record of it."""

import time
from collections.abc import Callable

from tfx.dsl.compiler import constants
from tfx.orchestration import metadata
from tfx.orchestration.local import runner_utils
from tfx.orchestration.local.local_dag_runner import LocalDagRunner
from tfx.orchestration.portable import launcher, runtime_parameter_utils
from tfx.proto.orchestration import pipeline_pb2

from components.errors import TransferlineError
from pipeline.config import Pipeline
from pipeline.graph import BASELINE_ID, create_pipeline
from pipeline.metadata.history import read_execution
from pipeline.metadata.tfx_handle import LockedMetadata
from pipeline.runs.record import RunStore
from pipeline.runs.recorder import Recorder
from pipeline.runs.served import Versions


class LocalRunner(LocalDagRunner):
    """TFX's LocalDagRunner, which tells a recorder of each step.

    The tfx command finds pipelines by replacing `LocalDagRunner.run`, so that method is left as it is.

    Args:
        recorder: Is told of every step; it also chose the run's ID.
        database: Where the run is written down; the compiled pipeline names it too, but without its password.
    """

    def __init__(self, recorder: Recorder, database: metadata.Metadata) -> None:
        super().__init__()
        self._recorder = recorder
        self._database = database

    def run_with_ir(self, pipeline: pipeline_pb2.Pipeline, run_options: pipeline_pb2.RunOptions | None = None) -> None:
        """Runs every node in topological order.

        Args:
            pipeline: The compiled pipeline.
            run_options: Not supported here: the cache already skips what is done.

        Raises:
            ValueError: `run_options` was given.
        """
        if run_options:
            raise ValueError("partial runs aren't supported: finished steps come from the cache")
        runtime_parameter_utils.substitute_runtime_parameter(
            pipeline, {constants.PIPELINE_RUN_ID_PARAMETER_NAME: self._recorder.run_id}
        )
        deployment = runner_utils.extract_local_deployment_config(pipeline)
        for node in pipeline.nodes:
            launch = self._launcher(pipeline, node.pipeline_node, deployment)
            self._run_node(pipeline.pipeline_info.id, node.pipeline_node.node_info.id, launch)

    def _run_node(self, pipeline: str, node_id: str, launch: Callable[[], object]) -> None:
        started = time.monotonic()
        with self._recorder.running(node_id):
            launch()
            with self._database as handle:
                execution = read_execution(handle.store, pipeline, self._recorder.run_id, node_id)
            if execution is None or not execution.succeeded:
                raise TransferlineError(
                    "The step didn't run: what it needs couldn't be looked up in the metadata.",
                    place=node_id,
                    cure="See the log; if another run of this pipeline was at work, run again when it is done.",
                )
            if node_id == BASELINE_ID:
                self._recorder.check_baseline(execution)
        if node_id != BASELINE_ID:  # that one only looks something up, which is no step to a person
            self._recorder.finished(node_id, time.monotonic() - started, execution)

    def _launcher(
        self, pipeline: pipeline_pb2.Pipeline, node: pipeline_pb2.PipelineNode, deployment: object
    ) -> Callable[[], object]:
        node_id = node.node_info.id
        return launcher.Launcher(
            pipeline_node=node,
            mlmd_connection=self._database,
            pipeline_info=pipeline.pipeline_info,
            pipeline_runtime_spec=pipeline.runtime_spec,
            executor_spec=runner_utils.extract_executor_spec(deployment, node_id),
            custom_driver_spec=runner_utils.extract_custom_driver_spec(deployment, node_id),
        ).launch


def run_pipeline(config: Pipeline, recorder: Recorder, data_fingerprint: str, *, push_again: bool = False) -> None:
    """Builds a pipeline and runs it.

    Args:
        config: With `data.path` set.
        recorder: Is told of every step.
        data_fingerprint: See `create_pipeline`.
        push_again: See `create_pipeline`.
    """
    rolled_back = Versions(config).rolled_back(RunStore(config.home).runs())
    built = create_pipeline(
        config,
        data_fingerprint=data_fingerprint,
        rolled_back={digest: each.in_words for digest, each in rolled_back.items()},
        push_again=push_again,
    )
    LocalRunner(recorder, LockedMetadata(config)).run(built)
