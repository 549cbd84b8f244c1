"""What the process that computes a run tells the process that shows it: a JSON object a line, through a pipe.

The parent (`pipeline.runs.parent`) holds the terminal and knows neither TFX nor TensorFlow. The child
(`pipeline.runs.child`) computes; whatever is written to its stdout or stderr is the run's log.
"""

import json
import os
import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Annotated, Any, Literal, Protocol, TypeAlias

from pydantic import Field, TypeAdapter

from components import progress
from components.outcome import Step
from components.settings import Settings
from pipeline.config import ImagePipeline, Pipeline, RowPipeline
from pipeline.runs.record import RunRecord
from pipeline.runs.state import State
from pipeline.runs.surroundings import commit_of, versions
from pipeline.source_fingerprint import file_fingerprint

KINDS: dict[str, type[ImagePipeline] | type[RowPipeline]] = {
    kind.__name__: kind for kind in (ImagePipeline, RowPipeline)
}


class Display(Protocol):
    """What a run is shown on: the screen, or the way to it."""

    def working(self, name: str) -> AbstractContextManager[None]:
        """Shows that a step is at work, and how far it is."""

    def step(self, step: Step, note: str = "") -> None:
        """Shows a finished step."""

    def step_failed(self, step: Step) -> None:
        """Shows the step that failed."""

    def finish(self, record: RunRecord) -> None:
        """Shows how the run ended."""


class Task(Settings):
    """What the child is to compute.

    Attributes:
        run_id: See `pipeline.runs.record.RunStore.new_id`.
        log: The log file's path.
        process: The parent, without which the child ends.
        folder: The folder that relative paths start from.
        kind: The configuration's class.
        settings: All that the configuration says.
        file: The catalog file that it was read from; "" if it wasn't.
        state: What the run depends on, if that was looked at already.
        push_again: Whether to push a model, too, that somebody went back from.
    """

    run_id: str
    log: str
    process: int
    folder: str
    kind: str
    settings: dict[str, Any]
    file: str = ""
    state: State | None = None
    push_again: bool = False

    @classmethod
    def of(
        cls, config: Pipeline, run_id: str, log: str, state: State | None = None, *, push_again: bool = False
    ) -> "Task":
        """Returns the task to run a pipeline, for a child of this process."""
        return cls(
            run_id=run_id,
            log=log,
            process=os.getpid(),
            folder=os.getcwd(),
            kind=type(config).__name__,
            settings=config.model_dump(),
            file=config.file,
            state=state,
            push_again=push_again,
        )

    @property
    def config(self) -> Pipeline:
        """The pipeline, as it was given to `of`."""
        return KINDS[self.kind].model_validate(self.settings).read_from(self.file)

    @property
    def record(self) -> RunRecord:
        """The run's record, as it begins."""
        return RunRecord(
            run_id=self.run_id,
            status="running",
            log=self.log,
            process=self.process,
            config=self.config.model_dump(mode="json"),
            file=self.file,
            file_sha256=file_fingerprint(self.file),
            commit=commit_of(self.file),
            versions=versions(),
        )


class Began(Settings):
    """A step is at work."""

    kind: Literal["began"] = "began"
    step: str


class Advanced(Settings):
    """It has come so far; see `components.progress.Progress`."""

    kind: Literal["advanced"] = "advanced"
    done: int
    total: int | None
    unit: str
    detail: str
    line: str = ""


class Rested(Settings):
    """It is at work no more."""

    kind: Literal["rested"] = "rested"


class Finished(Settings):
    """A step came to its end."""

    kind: Literal["finished"] = "finished"
    step: Step
    note: str


class Failed(Settings):
    """A step failed."""

    kind: Literal["failed"] = "failed"
    step: Step


class Ended(Settings):
    """The last word: how the run ended."""

    kind: Literal["ended"] = "ended"
    record: RunRecord


Message: TypeAlias = Began | Advanced | Rested | Finished | Failed | Ended
MESSAGE: TypeAdapter[Message] = TypeAdapter(Annotated[Message, Field(discriminator="kind")])


def encoded(settings: Settings) -> bytes:
    """Returns a line of JSON from which the same settings can be read; what UTF-8 can't have in a path is escaped."""
    return json.dumps(settings.model_dump()).encode() + b"\n"


class Sender:
    """The child's display: tells the parent what to show.

    Args:
        channel: File descriptor of the pipe's end.
    """

    def __init__(self, channel: int) -> None:
        self._channel = channel
        self._lock = threading.Lock()  # progress comes from any thread

    @contextmanager
    def working(self, name: str) -> Iterator[None]:
        """Tells that a step is at work, and how far it is."""
        self._send(Began(step=name))
        try:
            with progress.heard_by(lambda heard: self._send(Advanced(**vars(heard)))):
                yield
        finally:
            self._send(Rested())

    def step(self, step: Step, note: str = "") -> None:
        """Tells of a finished step."""
        self._send(Finished(step=step, note=note))

    def step_failed(self, step: Step) -> None:
        """Tells which step failed."""
        self._send(Failed(step=step))

    def finish(self, record: RunRecord) -> None:
        """Tells how the run ended."""
        self._send(Ended(record=record))

    def _send(self, message: Message) -> None:
        rest = encoded(message)
        with self._lock:
            while rest:
                rest = rest[os.write(self._channel, rest) :]
