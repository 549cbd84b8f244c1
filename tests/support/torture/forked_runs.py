"""Runs pipelines as the command does, in processes forked from this one, which has imported TFX and TensorFlow once.

`python -m torture.forked_runs PROCESS`, which ends with that process: a line of stdin has the arguments of the command
and the file that is its screen; a line of stdout has the number of the process that is the command, and the next one
its exit status.

All that a run is stays: two processes, of which the second ends with the first. Only the second isn't a new program.
"""

import faulthandler
import json
import logging
import os
import signal
import subprocess
import sys
import tempfile
from importlib import import_module
from types import SimpleNamespace

from components.parent_death import end_with_parent
from pipeline import cli
from pipeline.runs import child, parent
from pipeline.runs.deferred import defer_unused

IMPORTED_BY_STEPS = (
    "pipeline.runs.local_runner",
    "pipeline.runs.report",
    "components.csv_example_gen.executor",
    "components.image_example_gen.executor",
    "components.evaluator.executor",
    "components.pusher.executor",
    "components.statistics_gen.executor",
    "components.trainer.executor",
    "components.trainer.mlp.run_fn",
    "components.trainer.transfer_learning.run_fn",
    "components.transform.executor",
)


class Forked:
    """What the parent uses of `subprocess.Popen`, of a child that is forked and computes a run."""

    def __init__(self, command, *, env, cwd, stdin, stdout, stderr, pass_fds):
        (channel,) = pass_fds
        its, ours = os.pipe()
        self.returncode = None
        self.pid = os.fork()
        if self.pid == 0:
            _become_child(channel, its, stdout.fileno(), env or os.environ, cwd)
        os.close(its)
        self.stdin = os.fdopen(ours, "wb")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stdin.close()
        self.wait()

    def poll(self):
        """Returns its exit status, of a signal negative; None while it is at work."""
        return self.returncode if self.returncode is not None else self._waited(os.WNOHANG)

    def wait(self):
        """Waits for its end; returns its exit status."""
        return self.returncode if self.returncode is not None else self._waited(0)

    def send_signal(self, number):
        """Sends it a signal, unless it has ended."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def kill(self):
        """Kills it, unless it has ended."""
        self.send_signal(signal.SIGKILL)

    def _waited(self, options):
        ended, status = os.waitpid(self.pid, options)
        if ended:
            self.returncode = os.waitstatus_to_exitcode(status)
        return self.returncode


def _become_child(channel, stdin, log, variables, folder):
    """Computes a run, as a new Python would; doesn't return."""
    for target, source in enumerate((stdin, log, log)):
        os.dup2(source, target)
    os.closerange(3, channel)
    os.closerange(channel + 1, os.sysconf("SC_OPEN_MAX"))
    sys.stdin = os.fdopen(0, encoding="utf-8", closefd=False)
    sys.stdout = os.fdopen(1, "w", 1, encoding="utf-8", closefd=False)
    sys.stderr = os.fdopen(2, "w", 1, encoding="utf-8", closefd=False)
    faulthandler.enable()
    os.environ.clear()
    os.environ.update(variables)
    tempfile.tempdir = None
    os.chdir(folder)
    status = 1
    try:
        child.main(channel)
        status = 0
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)


def _become_command(arguments, screen, server):
    """Gives a command of `transferline`; doesn't return."""
    end_with_parent(server)
    os.setpgid(0, 0)
    opened = os.open(screen, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    for target in (1, 2):
        os.dup2(opened, target)
    sys.stdin = open(os.devnull)  # noqa: SIM115 (till the process ends)
    sys.argv = ["transferline", *arguments]
    parent.subprocess = SimpleNamespace(Popen=Forked, PIPE=subprocess.PIPE)
    status = 1
    try:
        cli.main()
    except SystemExit as end:
        status = end.code if isinstance(end.code, int) else 0
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)


def main(process):
    """Answers until stdin ends."""
    end_with_parent(int(process))
    server = os.getpid()
    channel = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "1")
    os.environ.setdefault("TF_USE_LEGACY_KERAS", "1")
    defer_unused()
    for name in IMPORTED_BY_STEPS:
        import_module(name)
    logging.getLogger().handlers.clear()
    for line in sys.stdin:
        order = json.loads(line)
        process = os.fork()
        if process == 0:
            channel.close()
            _become_command(order["arguments"], order["screen"], server)
        channel.write(f"{process}\n")
        channel.flush()
        _, status = os.waitpid(process, 0)
        channel.write(f"{os.waitstatus_to_exitcode(status)}\n")
        channel.flush()


if __name__ == "__main__":
    main(*sys.argv[1:])
