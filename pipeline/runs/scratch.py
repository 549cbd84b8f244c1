"""Gives a run a temporary folder of its own, which goes with it, whatever its libraries leave there.

The folder also tells which processes are the run's: each has it in its environment, whoever started it. Workers of
Beam, as an example, wait for minutes for what started them, where that was killed before they could reach it.
"""

import hashlib
import os
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from shutil import rmtree

import psutil

from components.partial import dead_folders, partial_folder

VARIABLE = "TMPDIR"
SHOWN_DIGITS = 10


@contextmanager
def scratch_folder(home: str) -> Iterator[tuple[str, list[Path]]]:
    """Makes a folder in the system's one for temporary files, and removes those of runs that are gone.

    Processes that have one of them as theirs are ended before it goes.

    Args:
        home: The pipeline's folder, whose lock is held: in this container. Another may have the same path to one of its
            own, and the same folder for temporary files, so that each folder there has a lock, too.

    Yields:
        The folder, "" where none can be made; and which were removed.
    """
    prefix = f"transferline-{hashlib.sha256(os.path.realpath(home).encode()).hexdigest()[:SHOWN_DIGITS]}-"
    folder, removed = "", []
    with ExitStack() as stack:
        with suppress(OSError):  # a run may do without temporary files
            above = Path(tempfile.gettempdir())
            removed = [path for path in dead_folders(above, prefix) if _is_ours(path) and _removed(path)]
            folder = str(stack.enter_context(partial_folder(above, prefix)))
            stack.callback(_end_processes_of, folder)
        yield folder, removed


def _is_ours(path: Path) -> bool:
    """Whether it is a folder of this user: anybody may make one of any name there."""
    try:
        return path.lstat().st_uid == os.geteuid()
    except FileNotFoundError:
        return False


def _removed(path: Path) -> bool:
    _end_processes_of(str(path))
    rmtree(path, ignore_errors=True)
    return not path.exists()


def _end_processes_of(folder: str) -> None:
    for process in psutil.process_iter():
        with suppress(psutil.Error, OSError):  # it has just ended, or is another user's
            if process.environ().get(VARIABLE) == folder:
                process.kill()
