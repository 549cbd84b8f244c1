"""Gives commands of `transferline` in processes that needn't import TFX and TensorFlow; see `forked_runs.py`."""

import json
import os
import socket
import subprocess
import sys
import threading
from functools import cache


class Commands:
    """The process that others are forked from; it ends with this one."""

    def __init__(self):
        self._address = f"transferline-tests-{os.getpid()}"
        self._server = subprocess.Popen(
            [sys.executable, "-m", "forked_runs", str(os.getpid()), self._address],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        )
        assert self._server.stdout.readline() == b"ready\n"

    def start(self, arguments, *, out, err, variables, folder, module="pipeline"):
        """Starts a command.

        Args:
            arguments: As on a command line.
            out: The file that stdout is added to.
            err: The file that stderr is added to.
            variables: All that its environment has.
            folder: The folder that it is given in.
            module: What Python runs; `transferline` by default.
        """
        asked = socket.socket(socket.AF_UNIX)
        asked.connect(f"\0{self._address}")
        order = {
            "module": module,
            "arguments": list(map(str, arguments)),
            "variables": dict(variables),
            "folder": str(folder),
            "out": str(out),
            "err": str(err),
        }
        asked.sendall(json.dumps(order).encode() + b"\n")
        return Command(asked)


class Command:
    """A command at work.

    Args:
        asked: The socket that answers.

    Attributes:
        pid: The number of its process, whose group all others of it are in.
    """

    def __init__(self, asked):
        self._answers = asked.makefile()
        asked.close()  # the file holds it
        self.pid = int(self._answers.readline())

    def wait(self):
        """Waits for its end; returns its exit status, of a signal negative."""
        with self._answers:
            return int(self._answers.readline())


BEING_MADE = threading.Lock()


def commands():
    """The one of this process, whichever of its threads asks first."""
    with BEING_MADE:
        return _made()


@cache
def _made():
    return Commands()
