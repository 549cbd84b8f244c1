"""Starts the process that computes a run, shows what it tells, and has the last word if it ends without one.

It holds the terminal, and imports neither TFX nor TensorFlow: nothing that they do reaches the one or ends the other.
"""

import errno
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
from typing import NamedTuple, TextIO

from components import progress
from components.cache_folder import home_folder
from components.memory import ended_for_memory
from components.outcome import Failure, Step
from pipeline.config import Pipeline
from pipeline.runs.channel import MESSAGE, Advanced, Began, Ended, Failed, Finished, Rested, Task, encoded
from pipeline.runs.ending import RUN_AGAIN, ending_text, place_in, with_model
from pipeline.runs.home import claim
from pipeline.runs.lock import held
from pipeline.runs.log_file import leave_if_closed, log_removed, opened_log, opened_screen
from pipeline.runs.record import RunRecord, RunStore
from pipeline.runs.rollbacks import forget_unpublished
from pipeline.runs.room import folders_of, kept_for_the_record
from pipeline.runs.scratch import VARIABLE, scratch_folder
from pipeline.runs.screen import Screen
from pipeline.runs.starved import starved
from pipeline.runs.state import State

# Unbuffered and with tracebacks of crashes in C++, so that the log has the last words.
CHILD = (sys.executable, "-u", "-X", "faulthandler", "-m", "pipeline.runs.child")
SOURCE = Path(__file__).parents[2]
SECONDS_TO_LOOK = 1.0
READ_BYTES = 1 << 16
UNSEEN = (errno.EPIPE, errno.EIO)
"""Of a pipe whose reader is gone, and of a terminal that is."""
CAUSES = {
    signal.SIGKILL: "The run was killed (SIGKILL): often the system had no memory left.",
    signal.SIGTERM: "The run was told to end (SIGTERM).",
    signal.SIGHUP: "The run was told to end (SIGHUP): its terminal was closed.",
}


def run_in_child(
    config: Pipeline,
    state: State | None = None,
    *,
    child: Sequence[str] = CHILD,
    quiet: bool = False,
    verbose: bool = False,
    on_stderr: bool = False,
    wait: bool = False,
    push_again: bool = False,
) -> RunRecord:
    """Runs a pipeline in a process of its own; returns the run's record when that has ended.

    Args:
        config: The pipeline.
        state: What it depends on, if that was looked at already.
        child: The command that computes; the number of its end of the channel is added.
        quiet: Whether only how it ended is shown.
        verbose: Whether each epoch is shown in a line.
        on_stderr: Whether it is shown on stderr, not on stdout.
        wait: Whether to wait for who else is at work on the pipeline.
        push_again: Whether to push a model, too, that somebody went back from.

    Raises:
        TransferlineError: Somebody else is at work on the pipeline, and isn't to be waited for.
        BrokenPipeError, SystemExit: Nobody reads the screen any more; the run has been ended.
        OSError: The output folder can't be written to.
    """
    with opened_screen(on_stderr=on_stderr) as stream:
        screen = Screen(stream, quiet=quiet, verbose=verbose)
        with held(config.home, "run", wait=wait, tell=screen.note) as lock:
            claim(config)
            forget_unpublished(config.home, config.pushed_dir)
            store = RunStore(config.home)
            gone = store.close_interrupted(lock.left)
            run_id = store.new_id()
            lock.of_run(run_id)
            # What was looked at before another was waited for isn't what this run will read.
            known = None if lock.waited else state
            log = str(Path(config.home) / "logs" / f"{run_id}.log")
            task = Task.of(config, run_id, log, known, push_again=push_again)
            with kept_for_the_record(config.home):
                return _run(config, task, child, screen, gone)


def _run(config: Pipeline, task: Task, child: Sequence[str], screen: Screen, gone: Sequence[RunRecord]) -> RunRecord:
    screen.start(config.name, config.home, config.trainer.doubt)
    for record in gone:
        screen.note(ending_text(record))
    follower = Follower(screen)
    ended_before = ended_for_memory()
    with opened_log(Path(task.log)) as log, scratch_folder(config.home) as (scratch, removed):
        log_removed(removed, log)
        try:
            with (
                _started(child, task, log, scratch) as (process, channel),
                _signals_passed_on(process, screen) as signals,
            ):
                _hear(process, channel, follower.take, screen.still_working)
                status = process.wait()
            return _settled(follower, config, task, _end(config, task, status, signals, ended_before))
        except SystemExit:  # of rich, as of `| head`; the child has been ended
            _unseen(config, task)
            raise
        except OSError as error:
            if error.errno in UNSEEN:
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
        self._broken: Step | None = None
        self._bar = ExitStack()

    def take(self, message: bytes) -> None:
        """Shows one message, a line of JSON."""
        match MESSAGE.validate_json(message):
            case Began(step=name):
                self.at_work, self._step_began = name, time.monotonic()
                self._bar.enter_context(self.screen.working(name))
            case Advanced(done=done, total=total, unit=unit, detail=detail, line=line):
                progress.report(done, total, unit, detail, line=line)
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
        """Returns the record of a run whose child told no end.

        Args:
            record: As far as the child came.
            error: Why it ended; the place is added.
        """
        now = time.monotonic()
        if self.at_work:
            started, seconds = self._step_began - self._began, now - self._step_began
            step = Step(name=self.at_work, seconds=seconds, cached=False, started=started)
            record = record.model_copy(update={"steps": (*record.steps, step)})
            self._broken = step
        place = place_in(record)
        outcome = {"status": "failed", "seconds": now - self._began, "error": error.model_copy(update={"place": place})}
        return record.model_copy(update=outcome)

    def show(self, record: RunRecord) -> None:
        """Shows how a run ended whose child didn't."""
        self._rest()
        if self._broken:
            self.screen.step_failed(self._broken)
        self.screen.finish(record)

    def _rest(self) -> None:
        self._bar.close()
        self.at_work = ""


@contextmanager
def _started(
    child: Sequence[str], task: Task, log: TextIO, scratch: str
) -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    """Starts the child; yields it and our end of the channel, and leaves nothing of either."""
    ours, its = os.pipe()
    try:
        process = subprocess.Popen(
            [*child, str(its)],
            # Of a user whom the system doesn't know, Keras would make a folder of the name ~.
            env={**os.environ, "HOME": str(home_folder())} | ({VARIABLE: scratch} if scratch else {}),
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
def _signals_passed_on(process: subprocess.Popen[bytes], screen: Screen) -> Iterator[list[int]]:
    """Lets the child decide how the run ends when this process is told to; yields the signals that came."""
    came: list[int] = []

    def pass_on(number: int, _: FrameType | None) -> None:
        came.append(number)
        if number == signal.SIGHUP:  # the child, and who started the run, still have something to say
            with suppress(OSError):  # a notebook's screen has no number
                leave_if_closed(1, 2, screen.descriptor)
        waits_no_longer = came.count(signal.SIGINT) > 1
        process.send_signal(signal.SIGKILL if waits_no_longer else number)

    before = {}
    if threading.current_thread() is threading.main_thread():  # no other may
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            if signal.getsignal(number) != signal.SIG_IGN:
                before[number] = signal.signal(number, pass_on)
    try:
        yield came
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


class End(NamedTuple):
    """How the child ended.

    Attributes:
        why: As it is told where the child gave no reason; the place is to be added.
        signal: The number of the signal that ended it, as the shell would tell it; 0 where none did.
    """

    why: Failure
    signal: int


def _end(config: Pipeline, task: Task, status: int, signals: Sequence[int], ended_before: int | None) -> End:
    number = int(signal.SIGINT) if signal.SIGINT in signals else max(0, -status)
    hungry = None if signals else starved(status, Path(task.log), folders_of(config.home), ended_before)
    if hungry:
        return End(Failure(cause=hungry.cause, cure=f"{hungry.cure} {RUN_AGAIN}"), number)
    return End(_why(status, signals), number)


def _why(status: int, signals: Sequence[int]) -> Failure:
    """Says why a child ended that gave no reason.

    Args:
        status: Its exit status; of a signal the number, negative.
        signals: What this process was told meanwhile.
    """
    if signal.SIGINT in signals:
        return Failure(cause="The run was interrupted.", cure=RUN_AGAIN)
    if status >= 0:
        return Failure(cause=f"The run's process ended without a word, with the exit status {status}.", cure=RUN_AGAIN)
    number = signal.Signals(-status)
    return Failure(cause=CAUSES.get(number, f"The run's process crashed ({number.name})."), cure=RUN_AGAIN)


def _settled(follower: Follower, config: Pipeline, task: Task, end: End) -> RunRecord:
    """Returns how a run ended whose child is gone, when that has been kept and shown."""
    store = RunStore(config.home)
    kept = store.find(task.run_id) or task.record
    record = follower.record
    told = record is not None
    if record is None:
        # Of a child that had kept the outcome, only what comes after it was cut off, as the report.
        record = with_model(follower.broke_off(kept, end.why), config.home) if kept.status == "running" else kept
        record = record.model_copy(update={"signal": end.signal if kept.status == "running" else 0})
    if kept.status == "running":
        store.save(record)  # first: what shows it may be gone, as a terminal that was closed
    if not told:
        follower.show(record)
    return record


def _unseen(config: Pipeline, task: Task) -> None:
    """Closes the record of a run that was ended since nobody sees it."""
    store = RunStore(config.home)
    kept = store.find(task.run_id) or task.record
    if kept.status == "running":
        error = Failure(
            cause="The run was ended: what it prints to was closed.",
            place=place_in(kept),
            cure=f"{RUN_AGAIN} Send its output to a file, or use --quiet.",
        )
        store.save(with_model(kept.model_copy(update={"status": "failed", "error": error}), config.home))
