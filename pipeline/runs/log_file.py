"""Keeps the screen for what a person reads, and sends the rest to a file."""

import io
import os
import select
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TextIO


@contextmanager
def opened_screen(*, on_stderr: bool = False) -> Iterator[TextIO]:
    """Opens what is stdout (or stderr) now as a stream of its own, which shows any character."""
    sys.stdout.flush()
    sys.stderr.flush()
    with os.fdopen(os.dup(2 if on_stderr else 1), "w", encoding="utf-8", errors="replace") as screen:
        yield screen


def leave_if_closed(*descriptors: int) -> None:
    """Sends to nobody what would go to a terminal or a pipe that was closed: each write there would fail.

    Args:
        descriptors: Those that are looked at.
    """
    poll = select.poll()
    for descriptor in descriptors:
        poll.register(descriptor, 0)  # the system tells of the end without being asked for it
    with open(os.devnull, "wb") as nowhere:
        for descriptor, _ in poll.poll(0):
            os.dup2(nowhere.fileno(), descriptor)


def opened_log(path: Path) -> TextIO:
    """Opens a log file, to which a process's stdout and stderr can be sent; it is appended to."""
    path.parent.mkdir(parents=True, exist_ok=True)
    return path.open("a", encoding="utf-8")


def log_removed(things: Iterable[object], log: TextIO) -> None:
    """Says in the log what was removed since an interrupted run had left it."""
    for thing in things:
        log.write(f"left by an interruption, and removed: {thing}\n")
    log.flush()


class _Lossy(io.FileIO):
    """Takes all that it is given, and loses what there is no room for."""

    def write(self, data: Any, /) -> int:
        try:
            return super().write(data)
        except OSError:
            return memoryview(data).nbytes


def log_that_may_be_full(descriptor: int) -> TextIO:
    """Returns an unbuffered stream that writes nothing where the disk is full: what is logged must not end a run.

    Args:
        descriptor: Of a file that is open, which stays so.
    """
    raw = _Lossy(descriptor, "w", closefd=False)
    return io.TextIOWrapper(raw, encoding="utf-8", errors="backslashreplace", write_through=True)


@contextmanager
def redirect_output(path: Path) -> Iterator[TextIO]:
    """Sends what this process and its children write to stdout and stderr into a file.

    TensorFlow and Beam write from C++ and from child processes, past Python's own streams, so the file descriptors
    themselves are turned.

    Args:
        path: The log file; it is appended to.

    Yields:
        The screen: a stream to what was stdout before.
    """
    sys.stdout.flush()
    sys.stderr.flush()
    before = [os.dup(descriptor) for descriptor in (1, 2)]
    with opened_log(path) as log, opened_screen() as screen:
        try:
            os.dup2(log.fileno(), 1)
            os.dup2(log.fileno(), 2)
            yield screen
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            for descriptor, original in zip((1, 2), before, strict=True):
                os.dup2(original, descriptor)
                os.close(original)
