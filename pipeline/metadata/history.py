"""Reads what ML Metadata knows of a pipeline's runs, without TFX, which takes ten seconds to import."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from components.errors import TransferlineError
from pipeline.metadata.connection import has_metadata, opened

if TYPE_CHECKING:
    from ml_metadata.metadata_store.metadata_store import MetadataStore
    from ml_metadata.proto import metadata_store_pb2

    from pipeline.config import PipelineConfig

PIPELINE, RUN, NODE = "pipeline", "pipeline_run", "node"
COMPLETE, CACHED = "COMPLETE", "CACHED"
STARTS = 100
"""ML Metadata tells the contexts of that many executions at once, and leaves out any more."""


@dataclass(frozen=True)
class Artifact:
    """Something that a component made.

    Attributes:
        number: ML Metadata's ID.
        uri: Where it is.
        made: Milliseconds since 1970.
        properties: Its custom properties, as text.
        deleted: Whether `clean` removed it.
    """

    number: int
    uri: str
    made: int
    properties: dict[str, str] = field(default_factory=dict)
    deleted: bool = False


@dataclass(frozen=True)
class Execution:
    """One component's execution in one run.

    Attributes:
        number: ML Metadata's ID; later ones are higher.
        pipeline: The pipeline.
        node: The component.
        run_id: The run.
        state: COMPLETE, CACHED, FAILED, RUNNING, ...
        properties: Its execution properties, as text.
        inputs: Artifacts by input key.
        outputs: Artifacts by output key.
    """

    number: int
    pipeline: str
    node: str
    run_id: str
    state: str
    properties: dict[str, str]
    inputs: dict[str, tuple[Artifact, ...]]
    outputs: dict[str, tuple[Artifact, ...]]

    @property
    def cached(self) -> bool:
        """Whether the result of an earlier run was used."""
        return self.state == CACHED

    @property
    def succeeded(self) -> bool:
        """Whether it came to its end. TFX publishes a step whose inputs can't be resolved as failed, without a word."""
        return self.state in (COMPLETE, CACHED)

    @property
    def artifacts(self) -> list[Artifact]:
        """All that it used and made."""
        return [*_all(self.inputs), *_all(self.outputs)]

    def output(self, key: str) -> Artifact | None:
        """Returns what it made under a key; None if nothing."""
        return next(iter(self.outputs.get(key, ())), None)


class History:
    """All executions of a pipeline.

    Args:
        executions: In the order in which they began.
    """

    def __init__(self, executions: list[Execution]) -> None:
        self.executions = executions
        self._makers: dict[int, Execution] = {}
        for execution in executions:
            if not execution.cached:
                for artifact in _all(execution.outputs):
                    self._makers.setdefault(artifact.number, execution)

    def of_run(self, run_id: str) -> list[Execution]:
        """Returns the executions of a run."""
        return [execution for execution in self.executions if execution.run_id == run_id]

    def made_by(self, run_id: str) -> dict[str, str]:
        """Returns the places of what a run made, or took from the cache, by output key."""
        uris: dict[str, str] = {}
        for execution in self.of_run(run_id):
            if execution.succeeded:
                for key, artifacts in execution.outputs.items():
                    # The first of a key: BaselineModel, which comes after the Trainer, has an earlier run's `model`.
                    uris.setdefault(key, artifacts[0].uri)
        return uris

    def maker(self, artifact: Artifact) -> Execution | None:
        """Returns the execution that made an artifact; None where that isn't known."""
        return self._makers.get(artifact.number)

    def before(self, execution: Execution) -> Execution | None:
        """Returns the last execution of the same node that came to its end; None where this is the first."""
        earlier = [
            each
            for each in self.executions
            if each.node == execution.node and each.number < execution.number and each.state == COMPLETE
        ]
        return earlier[-1] if earlier else None


def read_history(config: PipelineConfig) -> History:
    """Reads a pipeline's metadata, in whatever database they are.

    Args:
        config: The pipeline.

    Raises:
        TransferlineError: It has none, or the database can't be read.
    """
    history = find_history(config)
    if history is None:
        raise TransferlineError(
            "There is no metadata of this pipeline: no step has run yet, or `transferline clean --cache` removed it.",
            place=config.metadata.address if config.metadata.is_server else config.metadata_path,
            cure="Run it, or name its output folder with --output-dir.",
        )
    return history


def find_history(config: PipelineConfig) -> History | None:
    """Returns what `read_history` does; None where the pipeline has no metadata.

    Raises:
        TransferlineError: The database can't be read.
    """
    if not has_metadata(config):
        return None
    with opened(config, read_only=True) as store:
        pipeline = store.get_context_by_type_and_name(PIPELINE, config.name)
        return History(_executions(store, pipeline.id)) if pipeline else None


def read_execution(store: MetadataStore, pipeline: str, run_id: str, node: str) -> Execution | None:
    """Returns what a component of a pipeline did in a run; None if it didn't execute."""
    run = store.get_context_by_type_and_name(RUN, run_id)
    found = _executions(store, run.id) if run else []
    return next((each for each in found if (each.pipeline, each.node) == (pipeline, node)), None)


def knows_run(config: PipelineConfig, run_id: str) -> bool:
    """Returns whether the metadata has a run; not where they can't be read."""
    if not config.metadata.is_server:
        return Path(config.metadata_path).is_file()
    try:
        with opened(config, read_only=True) as store:
            return store.get_context_by_type_and_name(RUN, run_id) is not None
    except TransferlineError:
        return False


def _executions(store: MetadataStore, context: int) -> list[Execution]:
    """Those of a pipeline or a run, in the order in which they began; asked for all at once, where it can be."""
    executions = sorted(store.get_executions_by_context(context), key=lambda each: int(each.id))
    numbers = [execution.id for execution in executions]
    inputs, outputs = _events(store, numbers)
    contexts = context_names(store, numbers)
    return [
        Execution(
            number=execution.id,
            pipeline=contexts[execution.id].get(PIPELINE, ""),
            node=contexts[execution.id].get(NODE, "").rpartition(".")[2],
            run_id=contexts[execution.id].get(RUN, ""),
            state=type(execution).State.Name(execution.last_known_state),
            properties=_texts(execution.custom_properties),
            inputs=inputs.get(execution.id, {}),
            outputs=outputs.get(execution.id, {}),
        )
        for execution in executions
    ]


def _events(
    store: MetadataStore, executions: list[int]
) -> tuple[dict[int, dict[str, tuple[Artifact, ...]]], dict[int, dict[str, tuple[Artifact, ...]]]]:
    """Input and output artifacts by execution and key."""
    inputs: dict[int, dict[str, tuple[Artifact, ...]]] = {}
    outputs: dict[int, dict[str, tuple[Artifact, ...]]] = {}
    events = store.get_events_by_execution_ids(executions)
    artifacts = {
        found.id: _artifact(found) for found in store.get_artifacts_by_id({event.artifact_id for event in events})
    }
    for event in events:
        kind = type(event).Type.Name(event.type)
        side = inputs if "INPUT" in kind else outputs
        keys = [step.key for step in event.path.steps if step.key] or [""]
        of_execution = side.setdefault(event.execution_id, {})
        of_execution[keys[0]] = (*of_execution.get(keys[0], ()), artifacts[event.artifact_id])
    return inputs, outputs


def context_names(store: MetadataStore, executions: list[int]) -> dict[int, dict[str, str]]:
    """Returns the names of each execution's contexts by their types."""
    from ml_metadata.errors import UnimplementedError  # noqa: PLC0415 (only commands that need it wait for it)

    try:
        return _context_names_at_once(store, executions)
    except UnimplementedError:  # ML Metadata 1.21 answers no filter, and has no other way to ask for many at once
        return {
            execution: {context.type: context.name for context in store.get_contexts_by_execution(execution)}
            for execution in executions
        }


def _context_names_at_once(store: MetadataStore, executions: list[int]) -> dict[int, dict[str, str]]:
    starts = (executions[start : start + STARTS] for start in range(0, len(executions), STARTS))
    associations = [found for some in starts for found in _associations(store, some)]
    contexts = {found.id: found for found in store.get_contexts_by_id({each.context_id for each in associations})}
    names: dict[int, dict[str, str]] = {execution: {} for execution in executions}
    for each in associations:
        context = contexts[each.context_id]
        names[each.execution_id][context.type] = context.name
    return names


def _associations(store: MetadataStore, executions: list[int]) -> Iterable[metadata_store_pb2.Association]:
    """Which execution belongs to which context, asked for `STARTS` executions at most."""
    from ml_metadata.proto import metadata_store_pb2  # noqa: PLC0415

    options = metadata_store_pb2.LineageSubgraphQueryOptions(max_num_hops=0)
    options.starting_executions.filter_query = f"id IN ({', '.join(map(str, executions))})"
    return store.get_lineage_subgraph(options, ["associations"]).associations


def _artifact(found: metadata_store_pb2.Artifact) -> Artifact:
    return Artifact(
        number=found.id,
        uri=found.uri,
        made=found.create_time_since_epoch,
        properties=_texts(found.custom_properties),
        deleted=found.state == type(found).DELETED,
    )


def _texts(properties: dict[str, metadata_store_pb2.Value]) -> dict[str, str]:
    return {
        name: str(getattr(value, value.WhichOneof("value") or "string_value")) for name, value in properties.items()
    }


def _all(artifacts: dict[str, tuple[Artifact, ...]]) -> list[Artifact]:
    return [artifact for group in artifacts.values() for artifact in group]
