"""Reads from ML Metadata what a run's components did."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from ml_metadata.proto import metadata_store_pb2
from tfx.orchestration.metadata import Metadata

from components.evaluator.decision import read_decision
from components.ingest.report import IngestReport, read_report
from components.outcome import Decision

Artifact: TypeAlias = metadata_store_pb2.Artifact


SUCCEEDED = (metadata_store_pb2.Execution.COMPLETE, metadata_store_pb2.Execution.CACHED)


@dataclass(frozen=True)
class StepFacts:
    """One component's execution.

    Attributes:
        succeeded: Whether it came to its end. TFX publishes a step whose inputs can't be resolved as failed, and
            returns as if nothing had been.
        cached: Whether the result of an earlier run was used.
        outputs: Artifacts by output key.
    """

    succeeded: bool = False
    cached: bool = False
    outputs: dict[str, Artifact] = field(default_factory=dict)


def step_facts(metadata: Metadata, pipeline: str, run_id: str, node_id: str) -> StepFacts:
    """Returns what a node of a pipeline did in a run; not succeeded where it didn't execute."""
    with metadata as connection:
        store = connection.store
        for execution in _executions(store, run_id, f"{pipeline}.{node_id}"):
            return StepFacts(
                succeeded=execution.last_known_state in SUCCEEDED,
                cached=execution.last_known_state == metadata_store_pb2.Execution.CACHED,
                outputs=_outputs(store, execution.id),
            )
    return StepFacts()


def ingest_report(facts: StepFacts) -> IngestReport | None:
    """Returns ExampleGen's report, if this step wrote one."""
    artifact = facts.outputs.get("ingest_report")
    return read_report(artifact.uri) if artifact else None


def decision(facts: StepFacts) -> Decision | None:
    """Returns the Evaluator's decision, if this step made one."""
    artifact = facts.outputs.get("evaluation")
    return read_decision(artifact.uri) if artifact else None


def pushed_destination(facts: StepFacts) -> str:
    """Returns the folder that the Pusher pushed to, "" if it didn't push."""
    artifact = facts.outputs.get("pushed_model")
    return artifact.custom_properties["pushed_destination"].string_value if artifact else ""


def _executions(store: Any, run_id: str, node: str) -> Iterator[metadata_store_pb2.Execution]:
    run = store.get_context_by_type_and_name("pipeline_run", run_id)
    for execution in store.get_executions_by_context(run.id) if run else ():
        if node in {context.name for context in store.get_contexts_by_execution(execution.id)}:
            yield execution


def _outputs(store: Any, execution_id: int) -> dict[str, Artifact]:
    events = [
        event
        for event in store.get_events_by_execution_ids([execution_id])
        if event.type == metadata_store_pb2.Event.OUTPUT
    ]
    artifacts = {artifact.id: artifact for artifact in store.get_artifacts_by_id([e.artifact_id for e in events])}
    return {event.path.steps[0].key: artifacts[event.artifact_id] for event in events}
