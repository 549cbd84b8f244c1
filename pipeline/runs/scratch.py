"""Gives a run a temporary folder of its own, which goes with it, whatever its libraries leave there.

The folder also tells which processes are the run's: each has it in its environment, whoever started it. Workers of
Beam, as an example, wait for minutes for what started them, where that was killed before they could reach it.
"""

import hashlib
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from shutil import rmtree

import psutil

VARIABLE = "TMPDIR"
SHOWN_DIGITS = 10


@contextmanager
def scratch_folder(home: str) -> Iterator[tuple[str, list[Path]]]:
    """Makes a folder in the system's one for temporary files, and removes those of runs that are gone.

    Processes that have one of them as theirs are ended before it goes.

    Args:
        home: The pipeline's folder, whose lock is held.

    Yields:
        The folder, "" where none can be made; and which were removed.
    """
    prefix = f"transferline-{hashlib.sha256(os.path.realpath(home).encode()).hexdigest()[:SHOWN_DIGITS]}-"
    folder, removed = "", []
    with suppress(OSError):  # a run may do without temporary files
        above = tempfile.gettempdir()
        removed = [path for path in Path(above).glob(f"{prefix}*") if _is_ours(path) and _removed(path)]
        folder = tempfile.mkdtemp(prefix=prefix)
    try:
        yield folder, removed
    finally:
        if folder:
            _removed(Path(folder))


def _is_ours(path: Path) -> bool:
    """Whether it is a folder of this user: anybody may make one of any name there."""
    try:
        return path.lstat().st_uid == os.geteuid() and path.is_dir() and not path.is_symlink()
    except FileNotFoundError:
        return False


def _removed(path: Path) -> bool:
    _end_processes_of(path)
    rmtree(path, ignore_errors=True)
    return not path.exists()


def _end_processes_of(folder: Path) -> None:
    for process in psutil.process_iter():
        with suppress(psutil.Error, OSError):  # it has just ended, or is another user's
            if process.environ().get(VARIABLE) == str(folder):
                process.kill()
