"""Keeps the screen for what a person reads, and sends the rest to a file."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO


@contextmanager
def everything_else_to(path: Path) -> Iterator[TextIO]:
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
    path.parent.mkdir(parents=True, exist_ok=True)
    log = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    screen = os.fdopen(os.dup(before[0]), "w", encoding="utf-8", errors="replace")
    try:
        os.dup2(log, 1)
        os.dup2(log, 2)
        yield screen
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        for descriptor, original in zip((1, 2), before, strict=True):
            os.dup2(original, descriptor)
            os.close(original)
        os.close(log)
        screen.close()
