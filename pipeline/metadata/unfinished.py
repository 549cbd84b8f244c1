"""Finds the executions of a run that is gone which ML Metadata still takes for running, and closes them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipeline.metadata.history import NODE, PIPELINE, RUN, context_names

if TYPE_CHECKING:
    from ml_metadata.metadata_store.metadata_store import MetadataStore
    from ml_metadata.proto import metadata_store_pb2


@dataclass(frozen=True)
class Unfinished:
    """An execution that nobody is at work on any more.

    Attributes:
        number: ML Metadata's ID.
        node: The component.
        run_id: The run.
        stored: As ML Metadata has it.
    """

    number: int
    node: str
    run_id: str
    stored: metadata_store_pb2.Execution


def unfinished(store: MetadataStore, pipeline: str, run_id: str) -> list[Unfinished]:
    """Returns what a run left unfinished.

    Args:
        store: ML Metadata; it may know the runs of other pipelines, and of other machines.
        pipeline: The pipeline's name.
        run_id: Of a run that isn't at work any more.
    """
    run = store.get_context_by_type_and_name(RUN, run_id)
    found = store.get_executions_by_context(run.id) if run else []
    running = [each for each in found if each.last_known_state in (type(each).NEW, type(each).RUNNING)]
    names = context_names(store, [each.id for each in running])
    return [
        Unfinished(each.id, names[each.id].get(NODE, "").removeprefix(f"{pipeline}."), run_id, each)
        for each in running
        if names[each.id].get(PIPELINE) == pipeline
    ]


def close(store: MetadataStore, executions: list[Unfinished]) -> None:
    """Marks executions as failed."""
    for each in executions:
        each.stored.last_known_state = type(each.stored).FAILED
    store.put_executions([each.stored for each in executions])
