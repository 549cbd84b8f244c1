"""Gives commands in processes forked from this one, which has imported TFX and TensorFlow once.

`python -m forked_runs PROCESS ADDRESS` ends with that process, and takes orders on that address, several at once too;
`forked_commands.py` gives them. An order is a line of JSON, with the command's module, arguments, variables and folder,
and the files that take what it writes; a line back has the number of the process that is the command, and the next one
its exit status.

All that a run is stays: two processes, of which the second ends with the first. Only neither is a new program.
"""

import faulthandler
import gc
import json
import logging
import os
import runpy
import signal
import socketserver
import subprocess
import sys
import tempfile
import traceback
from importlib import import_module
from types import SimpleNamespace

from components.parent_death import end_with_parent
from pipeline.runs import child, parent
from pipeline.runs.deferred import defer_unused

IMPORTED = (
    "pipeline.cli",
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


def _become_command(module, arguments, variables, folder, out, err):
    """Does what `python -m MODULE ARGUMENTS` does; doesn't return."""
    os.setpgid(0, 0)
    os.closerange(3, os.sysconf("SC_OPEN_MAX"))
    for target, path in ((0, os.devnull), (1, out), (2, err)):
        os.dup2(os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600), target)
    sys.stdin = open(0, closefd=False)  # noqa: SIM115 (till the process ends)
    os.environ.clear()
    os.environ.update(variables)
    tempfile.tempdir = None
    os.chdir(folder)
    sys.argv = [module, *arguments]
    parent.subprocess = SimpleNamespace(Popen=Forked, PIPE=subprocess.PIPE)
    status = 1
    try:
        runpy.run_module(module, run_name="__main__", alter_sys=True)
        status = 0
    except SystemExit as end:
        status = end.code if isinstance(end.code, int) else int(end.code is not None)
    except BaseException:  # it is this process's last word, as it would be a new Python's
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)


class Order(socketserver.StreamRequestHandler):
    """Gives one command, and waits for its end."""

    def handle(self):
        """Is called in a process of its own."""
        end_with_parent(self.server.process)
        order, waiting = json.loads(self.rfile.readline()), os.getpid()
        process = os.fork()
        if process == 0:
            end_with_parent(waiting)
            _become_command(**order)
        self.wfile.write(b"%d\n" % process)
        _, status = os.waitpid(process, 0)
        self.wfile.write(b"%d\n" % os.waitstatus_to_exitcode(status))


class Server(socketserver.ForkingMixIn, socketserver.UnixStreamServer):
    """Takes orders.

    Args:
        address: Where.
        asking: The process that gives them.
    """

    block_on_close = False  # what is at work then ends with this process

    def __init__(self, address, asking):
        super().__init__(address, Order)
        self.asking, self.process = asking, os.getpid()

    def service_actions(self):
        """Is called twice a second, and after each order."""
        super().service_actions()
        if os.getppid() != self.asking:
            sys.exit()


def main(asking, name):
    """Answers until the process that asks has ended."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "1")
    os.environ.setdefault("TF_USE_LEGACY_KERAS", "1")
    defer_unused()
    gc.disable()
    for module in IMPORTED:
        import_module(module)
    gc.freeze()
    gc.enable()
    logging.getLogger().handlers.clear()
    with Server(f"\0{name}", int(asking)) as server:
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        server.serve_forever()


if __name__ == "__main__":
    main(*sys.argv[1:])
