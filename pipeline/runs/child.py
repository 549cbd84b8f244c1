"""The process that computes a run: `python -m pipeline.runs.child CHANNEL`, as `pipeline.runs.parent` starts it.

Its stdin has the task, its stdout and stderr are the run's log, and the file descriptor CHANNEL takes what to show.
"""

import gc
import logging
import os
import signal
import sys
import traceback
from types import FrameType

from components.parent_death import end_with_parent
from pipeline.config import Pipeline
from pipeline.data.sources import materialise, source_path, with_data
from pipeline.metadata.connection import check
from pipeline.runs.channel import Display, Sender, Task
from pipeline.runs.deferred import defer_unused
from pipeline.runs.log_file import log_removed, log_that_may_be_full
from pipeline.runs.recorder import Recorder
from pipeline.runs.state import state_of
from pipeline.runs.tidying import tidy_executions, tidy_files
from pipeline.terminal import safe_streams


def main(channel: int) -> None:
    """Takes the task from stdin and computes it."""
    os.set_inheritable(channel, False)  # the pipe ends with this process, whatever it starts
    sys.stdout, sys.stderr = log_that_may_be_full(1), log_that_may_be_full(2)
    task = Task.model_validate_json(sys.stdin.read())
    end_with_parent(task.process)
    os.chdir(task.folder)
    if signal.getsignal(signal.SIGINT) != signal.SIG_IGN:  # as that of a job in a script's background
        signal.signal(signal.SIGINT, interrupt_once)
    sys.stdout.write(f"process {os.getpid()} computes the run {task.run_id}\n")
    with safe_streams():
        compute(task, Sender(channel))


def compute(task: Task, display: Display) -> None:
    """Runs a pipeline to its end, good or bad."""
    config = task.config
    recorder = Recorder(config, task.record, display)
    try:
        _run(config, recorder, task)
    except (Exception, KeyboardInterrupt) as error:
        traceback.print_exc()
        recorder.failed(error)
    else:
        recorder.ended()


def _run(config: Pipeline, recorder: Recorder, task: Task) -> None:
    log_removed(tidy_files(config), sys.stdout)
    if config.metadata.is_server:
        with recorder.running("Metadata"):
            check(config.metadata)
    located = with_data(config)
    with recorder.running("Data"):
        if config.source is not None and located.data.path == str(source_path(config.source)):
            materialise(config.source)
        # Of its beginning: what changes while the run is at work counts as a change for the next one.
        state = task.state or state_of(located)
        recorder.resolved(located, state.digest)
    with recorder.running("TFX"):
        os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "1")
        # TensorFlow would import Keras 3, with a second of other things, which nothing here speaks.
        os.environ.setdefault("TF_USE_LEGACY_KERAS", "1")
        defer_unused()
        gc.disable()  # what is imported stays: to look for what nobody holds would take a fifth of the time
        from pipeline.runs.local_runner import run_pipeline  # noqa: PLC0415 (takes ten seconds: bad data is told before)

        gc.freeze()  # and would take time again and again later
        gc.enable()
        logging.getLogger().setLevel(logging.INFO)
        log_removed(tidy_executions(config, recorder.run_id), sys.stdout)
    run_pipeline(located, recorder, state.data, push_again=task.push_again)


def interrupt_once(number: int, frame: FrameType | None) -> None:
    """Ctrl-C reaches this process from the terminal and from its parent; what it does then shouldn't be interrupted."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    raise KeyboardInterrupt


if __name__ == "__main__":
    main(int(sys.argv[1]))
