"""Which folders a run writes to, and the room that is kept for its last word."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from components.cache_folder import cache
from components.room import Folder, folder_error, output_folder, temporary

RESERVE = Path("runs", ".reserve")
RESERVED_BYTES = 256 * 1024
"""Room for a record of many slices, twice: until a new one is whole, there is the old one."""


def folders_of(home: str) -> tuple[Folder, ...]:
    """Returns the folders that are written to for a pipeline, with what to do where one is full.

    Args:
        home: The pipeline's folder.
    """
    return output_folder(home), cache(), temporary()


@contextmanager
def writes_for(home: str) -> Iterator[None]:
    """Says of a folder that can't be written to which one it is, why, and what helps.

    Args:
        home: The pipeline's folder.

    Raises:
        FolderError: In place of the system's error.
    """
    try:
        yield
    except OSError as error:
        if refused := folder_error(error, folders_of(home)):
            raise refused from error
        raise


@contextmanager
def kept_for_the_record(home: str) -> Iterator[None]:
    """Keeps room for a run's last record, whatever else fills the disk.

    Args:
        home: The pipeline's folder.

    Raises:
        OSError: There is no room to keep.
    """
    reserve = Path(home) / RESERVE
    reserve.parent.mkdir(parents=True, exist_ok=True)
    try:
        with reserve.open("wb") as file:
            file.write(os.urandom(RESERVED_BYTES))  # what no file system makes smaller
            file.flush()
            os.fsync(file.fileno())
        yield
    finally:
        reserve.unlink(missing_ok=True)


def let_go(home: str) -> bool:
    """Lets go of the room that was kept; returns whether there was any."""
    try:
        (Path(home) / RESERVE).unlink()
    except FileNotFoundError:
        return False
    return True
