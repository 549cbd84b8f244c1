"""Folders in which things are made before they are moved into place whole; which of them are dead is known."""

import fcntl
import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from shutil import rmtree

PREFIX = ".partial-"
SECONDS_OF_ANOTHER_MACHINE = 86_400.0
"""On a volume whose locks aren't shared, or that has none, what wasn't touched for so long is nobody's."""

_BOOT = Path("/proc/sys/kernel/random/boot_id")


@contextmanager
def partial_folder(parent: Path) -> Iterator[Path]:
    """Makes a folder beside what is to be moved out of it, and removes it with all that is still in it.

    Raises:
        OSError: It can't be made.
    """
    while True:
        folder = Path(tempfile.mkdtemp(prefix=f"{PREFIX}{_boot()}-", dir=parent))
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
    return [folder for folder in sorted(parent.glob(f"{PREFIX}*")) if _is_dead(folder) and _removed(folder)]


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


def _is_dead(folder: Path) -> bool:
    return folder.name.startswith(f"{PREFIX}{_boot()}-") or _untouched(folder) > SECONDS_OF_ANOTHER_MACHINE


def _untouched(folder: Path) -> float:
    """For how many seconds nothing was written in a folder."""
    try:
        return time.time() - max(path.lstat().st_mtime for path in (folder, *folder.rglob("*")))
    except OSError:  # something has just gone: somebody is at work, or removes it
        return 0.0


def _removed(folder: Path) -> bool:
    """Removes a folder unless its maker lives."""
    try:
        opened = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    except OSError:
        return False
    try:
        fcntl.flock(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
        rmtree(folder, ignore_errors=True)
    except OSError:  # it is at work, or nobody can tell
        return False
    finally:
        os.close(opened)
    return not folder.exists()


def _boot() -> str:
    """What tells this machine, since its start, from others."""
    with suppress(OSError):
        return _BOOT.read_text(encoding="ascii")[:8]
    return "unknown"
