"""Steps that do next to nothing, for what is about the run and not about its steps."""

import io
from pathlib import Path

from tfx.dsl.component.experimental.annotations import InputArtifact, OutputArtifact, Parameter
from tfx.dsl.component.experimental.decorators import component
from tfx.orchestration.pipeline import Pipeline
from tfx.types.standard_artifacts import Model

from pipeline.metadata.connection import connection_without_password
from pipeline.metadata.tfx_handle import LockedMetadata
from pipeline.runs.local_runner import LocalRunner
from pipeline.runs.record import RunRecord, RunStore
from pipeline.runs.recorder import Recorder
from pipeline.runs.screen import Screen


@component
def Writes(model: OutputArtifact[Model], text: Parameter[str]):  # noqa: N802 (a component's name)
    """Writes a text where a model would be."""
    Path(model.uri, "text").write_text(text)


@component
def Reads(model: InputArtifact[Model], copy: OutputArtifact[Model]):  # noqa: N802
    """Copies the text; an odd one is an error, and one is as if Ctrl-C were pressed in the middle."""
    text = Path(model.uri, "text").read_text()
    if text == "odd":
        raise ValueError("the text is odd")
    if text == "interrupted":
        Path(copy.uri, "half").touch()
        raise KeyboardInterrupt
    Path(copy.uri, "text").write_text(text)


def chain(text):
    """A step that writes a text, and one that reads it."""
    writes = Writes(text=text)
    return writes, Reads(model=writes.outputs["model"])


def run_steps(config, run_id, *nodes):
    """Runs steps as a run of a pipeline; returns its record, which is left as it is when the last step ends."""
    Path(config.home).mkdir(parents=True, exist_ok=True)
    recorder = Recorder(config, RunRecord(run_id=run_id, status="running"), Screen(io.StringIO()))
    built = Pipeline(
        pipeline_name=config.name,
        pipeline_root=config.artifacts_dir,
        components=list(nodes),
        enable_cache=True,
        metadata_connection_config=connection_without_password(config),
    )
    LocalRunner(recorder, LockedMetadata(config)).run(built)
    return RunStore(config.home).find(run_id)
