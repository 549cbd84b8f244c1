"""Bounds on what a hostile file may take: time of the processor, and memory of a child.

As a program, `python bounded.py MODULE FUNCTION FILE...`, it gives each file to a function, and prints as JSON what
each returned or raised, and by how many MiB it raised the memory of the process.
"""

import json
import os
import signal
import subprocess
import sys
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path


class TooLongError(BaseException):
    """No error that the work itself would catch."""


@contextmanager
def at_most(seconds=20):
    """Ends work that takes more of the processor: what is meant would take minutes, hours, or for ever."""

    def end(number, frame):
        raise TooLongError(f"more than {seconds} s of the processor")

    before = signal.signal(signal.SIGVTALRM, end)
    signal.setitimer(signal.ITIMER_VIRTUAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)


def in_a_child(function, paths):
    """Gives each file to a function; returns for each what it returned, and by how many MiB it raised the memory.

    Args:
        function: Of a module that a child can import.
        paths: The files.
    """
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(Path(__file__).parents[2]), *sys.path])}
    command = [sys.executable, __file__, function.__module__, function.__name__, *map(str, paths)]
    ended = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr[-2000:]
    return [tuple(line) for line in json.loads(ended.stdout.splitlines()[-1])]


def _highest(*, reset=False):
    """The most memory that this process has had since the last reset, in MiB."""
    if reset:
        Path("/proc/self/clear_refs").write_text("5")
    return int(Path("/proc/self/status").read_text().partition("VmHWM:")[2].split()[0]) // 1024


def _measured(work, path):
    before = _highest(reset=True)
    try:
        found = work(path)
    except Exception as error:
        found = f"{type(error).__name__}: {error}"
    return str(found), _highest() - before


if __name__ == "__main__":
    module, function, *paths = sys.argv[1:]
    sys.stdout.write(json.dumps([_measured(getattr(import_module(module), function), path) for path in paths]) + "\n")
