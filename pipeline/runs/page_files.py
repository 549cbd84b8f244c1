"""Says where the pages over runs and over pipelines are, without what draws them, which imports TensorFlow."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from pipeline.runs.whole_file import remove_partial

REPORTS, INDEX = "reports", "index.html"


@contextmanager
def alone_in(folder: Path) -> Iterator[None]:
    """Keeps others from writing the page over all pipelines meanwhile, whose runs end in any order."""
    opened = os.open(folder, os.O_RDONLY)
    try:
        with suppress(OSError):  # a file system without locks
            fcntl.flock(opened, fcntl.LOCK_EX)
        yield
    finally:
        os.close(opened)


def remove_partial_overviews(output_dir: Path) -> list[Path]:
    """Removes what is left of pages over all pipelines whose writers were killed; returns what that was."""
    with alone_in(output_dir):
        return remove_partial(output_dir, INDEX)
