"""Starts the process that computes a run, shows what it tells, and has the last word if it ends without one.

It holds the terminal, and imports neither TFX nor TensorFlow: nothing that they do reaches the one or ends the other.
"""

import os
import select
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from types import FrameType
from typing import TextIO

from components import progress
from components.outcome import Failure, Step
from pipeline.config import Pipeline
from pipeline.runs.channel import MESSAGE, Advanced, Began, Ended, Failed, Finished, Rested, Task, encoded
from pipeline.runs.log_file import opened_log, opened_screen
from pipeline.runs.record import RunRecord, RunStore
from pipeline.runs.recorder import new_run_id
from pipeline.runs.screen import Screen
from pipeline.runs.state import State

# Unbuffered and with tracebacks of crashes in C++, so that the log has the last words.
CHILD = (sys.executable, "-u", "-X", "faulthandler", "-m", "pipeline.runs.child")
SOURCE = Path(__file__).parents[2]
SECONDS_TO_LOOK = 1.0
SECONDS_TO_ANOTHER_ID = 0.1
READ_BYTES = 1 << 16
CAUSES = {
    signal.SIGKILL: "The run was killed (SIGKILL): often the system had no memory left.",
    signal.SIGTERM: "The run was told to end (SIGTERM).",
}


def run_in_child(
    config: Pipeline,
    state: State | None = None,
    *,
    child: Sequence[str] = CHILD,
    quiet: bool = False,
    on_stderr: bool = False,
) -> RunRecord:
    """Runs a pipeline in a process of its own; returns the run's record when that has ended.

    Args:
        config: The pipeline.
        state: What it depends on, if that was looked at already.
        child: The command that computes; the number of its end of the channel is added.
        quiet: Whether only how it ended is shown.
        on_stderr: Whether it is shown on stderr, not on stdout.

    Raises:
        BrokenPipeError, SystemExit: Nobody reads the screen any more; the run has been ended.
        OSError: The output folder can't be written to.
    """
    run_id = _free_run_id(RunStore(config.home))
    task = Task.of(config, run_id, str(Path(config.home) / "logs" / f"{run_id}.log"), state)
    with opened_log(Path(task.log)) as log, opened_screen(on_stderr=on_stderr) as stream:
        screen = Screen(stream, quiet=quiet)
        screen.start(config.name, config.home)
        follower = Follower(screen)
        try:
            with _started(child, task, log) as (process, channel), _signals_passed_on(process) as signals:
                _hear(process, channel, follower.take, screen.still_working)
                status = process.wait()
            return _settled(follower, config, task, _why(status, signals))
        except (BrokenPipeError, SystemExit):  # as of `| head`: rich exits then; the child has been ended
            _unseen(config, task)
            raise


class Follower:
    """Shows what the child tells, and remembers how far that came.

    Args:
        screen: Where to show it.

    Attributes:
        record: The run's record, once the child has told how it ended.
        at_work: The step at work; "" between steps.
    """

    def __init__(self, screen: Screen) -> None:
        self.screen = screen
        self.record: RunRecord | None = None
        self.at_work = ""
        self._began = self._step_began = time.monotonic()
        self._bar = ExitStack()

    def take(self, line: bytes) -> None:
        """Shows one message."""
        match MESSAGE.validate_json(line):
            case Began(step=name):
                self.at_work, self._step_began = name, time.monotonic()
                self._bar.enter_context(self.screen.working(name))
            case Advanced(done=done, total=total, unit=unit, detail=detail):
                progress.report(done, total, unit, detail)
            case Rested():
                self._rest()
            case Finished(step=step, note=note):
                self.screen.step(step, note)
            case Failed(step=step):
                self.screen.step_failed(step)
            case Ended(record=record):
                self.record = record
                self.screen.finish(record)

    def broke_off(self, record: RunRecord, error: Failure) -> RunRecord:
        """Shows the end of a child that told none; returns the run's record with it.

        Args:
            record: As far as the child came.
            error: Why it ended; the place is added.
        """
        now = time.monotonic()
        if self.at_work:
            started, seconds = self._step_began - self._began, now - self._step_began
            step = Step(name=self.at_work, seconds=seconds, cached=False, started=started)
            record = record.model_copy(update={"steps": (*record.steps, step)})
            self._rest()
            self.screen.step_failed(step)
        place = record.steps[-1].name if record.steps else "before the first step"
        outcome = {"status": "failed", "seconds": now - self._began, "error": error.model_copy(update={"place": place})}
        return record.model_copy(update=outcome)

    def _rest(self) -> None:
        self._bar.close()
        self.at_work = ""


def _free_run_id(store: RunStore) -> str:
    """Returns an ID that no run of the pipeline has: this process may have run it within the same second."""
    while store.find(run_id := new_run_id()):
        time.sleep(SECONDS_TO_ANOTHER_ID)
    return run_id


@contextmanager
def _started(child: Sequence[str], task: Task, log: TextIO) -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    """Starts the child; yields it and our end of the channel, and leaves nothing of either."""
    ours, its = os.pipe()
    try:
        process = subprocess.Popen(
            [*child, str(its)],
            cwd=SOURCE,  # which is where -m looks first: not in the user's folder, which may have a `pipeline`, too
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=log,
            pass_fds=(its,),
        )
    finally:
        os.close(its)
    with process, open(ours, "rb", buffering=0):
        try:
            assert process.stdin is not None  # noqa: S101 (for the type checker: it is a pipe)
            with suppress(BrokenPipeError):  # it has ended already; its status says how
                process.stdin.write(encoded(task))
                process.stdin.close()
            yield process, ours
        finally:
            process.kill()  # nobody would see what it does if it were still at work


def _hear(
    process: subprocess.Popen[bytes], channel: int, take: Callable[[bytes], None], look: Callable[[], None]
) -> None:
    """Takes line by line until the child has ended; looks at least once a second."""
    rest = b""
    while True:
        readable, _, _ = select.select([channel], [], [], SECONDS_TO_LOOK)
        if readable:
            heard = os.read(channel, READ_BYTES)
            if not heard:
                return
            *lines, rest = (rest + heard).split(b"\n")
            for line in lines:
                take(line)
        elif process.poll() is not None:  # and a process that it forked still holds the channel
            return
        look()


@contextmanager
def _signals_passed_on(process: subprocess.Popen[bytes]) -> Iterator[list[int]]:
    """Lets the child decide how the run ends when this process is told to; yields the signals that came."""
    came: list[int] = []

    def pass_on(number: int, _: FrameType | None) -> None:
        came.append(number)
        waits_no_longer = came.count(signal.SIGINT) > 1
        process.send_signal(signal.SIGKILL if waits_no_longer else number)

    before = {}
    if threading.current_thread() is threading.main_thread():  # no other may
        for number in (signal.SIGINT, signal.SIGTERM):
            if signal.getsignal(number) != signal.SIG_IGN:
                before[number] = signal.signal(number, pass_on)
    try:
        yield came
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _why(status: int, signals: Sequence[int]) -> Failure:
    """Says why a child ended that gave no reason.

    Args:
        status: Its exit status; of a signal the number, negative.
        signals: What this process was told meanwhile.
    """
    cure = "Run it again: finished steps come from the cache."
    if signal.SIGINT in signals:
        return Failure(cause="The run was interrupted.", cure=cure)
    if status >= 0:
        return Failure(cause=f"The run's process ended without a word, with the exit status {status}.", cure=cure)
    number = signal.Signals(-status)
    return Failure(cause=CAUSES.get(number, f"The run's process crashed ({number.name})."), cure=cure)


def _settled(follower: Follower, config: Pipeline, task: Task, why: Failure) -> RunRecord:
    """Returns how a run ended whose child is gone, when that has been shown and kept."""
    store = RunStore(config.home)
    kept = store.find(task.run_id) or task.record
    record = follower.record
    if record is None:
        # Of a child that had kept the outcome, only what comes after it was cut off, as the report.
        record = follower.broke_off(kept, why) if kept.status == "running" else kept
        follower.screen.finish(record)
    if kept.status == "running":
        store.save(record)
    return record


def _unseen(config: Pipeline, task: Task) -> None:
    """Closes the record of a run that was ended since nobody sees it."""
    store = RunStore(config.home)
    kept = store.find(task.run_id) or task.record
    if kept.status == "running":
        error = Failure(
            cause="The run was ended: what it prints to was closed.",
            place=kept.steps[-1].name if kept.steps else "before the first step",
            cure="Run it again: finished steps come from the cache. Send its output to a file, or use --quiet.",
        )
        store.save(kept.model_copy(update={"status": "failed", "error": error}))
