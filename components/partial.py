"""Folders in which things are made before they are moved into place whole; which of them are dead is known."""

import fcntl
import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from shutil import rmtree

from components.boot import boot_id

PREFIX = ".partial-"
SECONDS_OF_ANOTHER_MACHINE = 86_400.0
"""On a volume whose locks aren't shared, or that has none, what wasn't touched for so long is nobody's."""


@contextmanager
def partial_folder(parent: Path, prefix: str = PREFIX) -> Iterator[Path]:
    """Makes a folder beside what is to be moved out of it, and removes it with all that is still in it.

    Args:
        parent: Where to make it.
        prefix: How its name begins, which tells it from others' there.

    Raises:
        OSError: It can't be made.
    """
    while True:
        folder = Path(tempfile.mkdtemp(prefix=f"{prefix}{boot_id()[:8]}-", dir=parent))
        opened = _locked(folder)
        if opened is not None:
            break
    try:
        yield folder
    finally:
        rmtree(folder, ignore_errors=True)
        os.close(opened)


def remove_dead(parent: Path) -> list[Path]:
    """Removes the folders of processes that are gone; returns which they were."""
    return [folder for folder in dead_folders(parent) if _removed(folder)]


def dead_folders(parent: Path, prefix: str = PREFIX) -> Iterator[Path]:
    """Finds the folders of processes that are gone; each is locked until the next is asked for, to be removed."""
    for folder in sorted(parent.glob(f"{prefix}*")):
        if _is_old(folder, prefix) and (opened := _taken(folder)) is not None:
            try:
                yield folder
            finally:
                os.close(opened)


def _locked(folder: Path) -> int | None:
    """Locks a folder for as long as it is open; None if somebody took it for a dead one before it was locked."""
    try:
        opened = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    except FileNotFoundError:
        return None
    with suppress(OSError):  # of a file system without locks
        fcntl.flock(opened, fcntl.LOCK_EX)
    if folder.exists():
        return opened
    os.close(opened)
    return None


def _is_old(folder: Path, prefix: str) -> bool:
    """Whether its lock can be believed, as one of this machine's, or nobody has touched it for long."""
    return folder.name.startswith(f"{prefix}{boot_id()[:8]}-") or _untouched(folder) > SECONDS_OF_ANOTHER_MACHINE


def _untouched(folder: Path) -> float:
    """For how many seconds nothing was written in a folder."""
    try:
        return time.time() - max(path.lstat().st_mtime for path in (folder, *folder.rglob("*")))
    except OSError:  # something has just gone: somebody is at work, or removes it
        return 0.0


def _taken(folder: Path) -> int | None:
    """Locks a folder unless its maker lives, or nobody can tell."""
    try:
        opened = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    except OSError:
        return None
    try:
        fcntl.flock(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(opened)
        return None
    return opened


def _removed(folder: Path) -> bool:
    rmtree(folder, ignore_errors=True)
    return not folder.exists()
