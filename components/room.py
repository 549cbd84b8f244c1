"""Tells of a folder that can't be written to, whichever library met it: what is wrong, where, and what helps.

The system has three numbers for a full disk. Python's errors have the number; those of TensorFlow, Beam, Arrow, HDF5,
SQLite and ML Metadata have only its text, which SQLite words in its own way.
"""

import errno
import os
import re
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from rich.filesize import decimal

from components.errors import TransferlineError, errors_of

FULL = {
    errno.ENOSPC: re.compile(r"No space left on device|\[Errno 28\]|database or disk is full"),
    errno.EDQUOT: re.compile(r"Disk quota exceeded|\[Errno 122\]"),
    errno.EFBIG: re.compile(r"File too large|\[Errno 27\]"),
}
ROLLED_BACK = "cannot commit - no transaction is active"
"""What ML Metadata says where SQLite has rolled a transaction back by itself: on a full disk, and on a faulty one."""
NEARLY_FULL = 2**20
"""Free bytes below which the disk is taken for the reason of that: what is rolled back is free again."""

UNWRITABLE = (errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOTDIR)
NOT_MADE = errno.ENOENT
"""Of a folder that can't be made; of a file in one that is there, the same number says something else."""

NO_TEMPORARY = "No usable temporary directory"
"""Python's words for it, which has no number and names no file."""

PATHS = re.compile(r"/[^\s'\"`:;,]+")


class Folder(NamedTuple):
    """A folder that is written to.

    Attributes:
        path: Where it is; it may not be there yet.
        elsewhere: How to have another one, such as "give another with --output-dir".
        how: What makes room in it, such as " with `transferline clean`"; "" where nothing of ours does.
    """

    path: Path
    elsewhere: str
    how: str = ""


class FolderError(TransferlineError):
    """The error for people of a folder that can't be written to; its place is for whoever knows it to say."""


def temporary() -> Folder:
    """Returns the folder of temporary files: of a system without one, the one that is usual."""
    try:
        found = os.environ.get("TMPDIR") or tempfile.gettempdir()
    except FileNotFoundError:
        found = "/tmp"  # noqa: S108 (only named)
    return Folder(Path(found), "name another in the variable TMPDIR")


def no_temporary() -> FolderError:
    """Returns the error for people of a system on which none of the usual folders can take temporary files."""
    return FolderError("No folder for temporary files can be written to.", cure="Name one in the variable TMPDIR.")


def output_folder(home: str) -> Folder:
    """Returns the folder of a pipeline's runs, models and metadata."""
    return Folder(Path(home), "give another output folder with --output-dir", " with `transferline clean`")


def folder_error(error: BaseException, folders: Sequence[Folder]) -> FolderError | None:
    """Returns the error for people of an error that came of a folder that is full, or that can't be written to.

    What is told of it is what came first: a disk that is too full for what is said of another error doesn't hide that.
    What another error for people says of a file that may not be read, as one of the data, stands, too.

    Args:
        error: With all that it came of.
        folders: What may be at fault, the likeliest first.

    Returns:
        None where no folder is the reason, or another error for people is behind it.
    """
    errors = list(errors_of(error))
    known = next((place for place, each in enumerate(errors) if isinstance(each, TransferlineError)), None)
    for each in reversed(errors[known or 0 :]):
        if isinstance(each, FolderError):
            return each
        if NO_TEMPORARY in str(each):
            return no_temporary()
        if number := full_disk(each) or _rolled_back(each, folders):
            folder = _full_folder(errors, folders)
            cure = f"Make room there{folder.how}, or {folder.elsewhere}."
            return FolderError(f"{_what(number, folder.path)}.", cure=cure)
        if known is None and isinstance(each, OSError) and (refused := _refused_folder(each, folders)):
            cure = f"Let this user write there, or {refused.elsewhere}."
            return FolderError(f"{refused.path} can't be written to: {each}.", cure=cure)
    return None


def full_disk(error: BaseException) -> int:
    """Returns the system's number of a full disk, if an error is of one by itself; 0 if it isn't."""
    if isinstance(error, OSError) and error.errno in FULL:
        return error.errno
    return next((number for number, text in FULL.items() if text.search(str(error))), 0)


def free_bytes(folder: Path) -> int:
    """Returns how many bytes can be written to the disk of a folder, which need not be there yet."""
    return shutil.disk_usage(nearest_there(folder)).free


def nearest_there(folder: Path) -> Path:
    """Returns a folder, or the one above it that is there."""
    folder = folder.absolute()
    return next((each for each in (folder, *folder.parents) if os.path.exists(each)), folder)


def _rolled_back(error: BaseException, folders: Sequence[Folder]) -> int:
    """The number of a full disk, if SQLite has rolled a transaction back and one of the folders is nearly full."""
    nearly_full = ROLLED_BACK in str(error) and min(free_bytes(folder.path) for folder in folders) < NEARLY_FULL
    return errno.ENOSPC if nearly_full else 0


def _full_folder(errors: Sequence[BaseException], folders: Sequence[Folder]) -> Folder:
    """The folder that the errors name a file of; of several, as in a copy, and of none, the one with the least room."""
    said = [Path(path) for error in errors for path in PATHS.findall(str(error))]
    named = _holding([path for error in errors for path in _file_names(error)] + said, folders)
    return min(named or folders, key=lambda folder: free_bytes(folder.path))


def _refused_folder(error: OSError, folders: Sequence[Folder]) -> Folder | None:
    names = _file_names(error)
    # A folder is made with all that is missing above it: then one of these is named.
    above = [each for each in folders if any(each.path.absolute().is_relative_to(path) for path in names)]
    if error.errno == NOT_MADE:
        return next((each for each in above if not each.path.exists()), None)
    refused = next(iter(_holding(names, folders) or above), None) if error.errno in UNWRITABLE else None
    # Who may write there met what may not be read, as data that lies below it.
    if (
        refused
        and error.errno == errno.EACCES
        and all(map(_may_write, [refused.path, *(each.parent for each in names)]))
    ):
        return None
    return refused


def _may_write(folder: Path) -> bool:
    return os.access(nearest_there(folder), os.W_OK | os.X_OK)


def _holding(paths: Sequence[Path], folders: Sequence[Folder]) -> list[Folder]:
    """The folders that paths are in, of each path the nearest."""
    found = []
    for path in paths:
        if above := [each for each in folders if path.is_relative_to(each.path.absolute())]:
            found.append(max(above, key=lambda folder: len(folder.path.parts)))
    return found


def _file_names(error: BaseException) -> list[Path]:
    names = (error.filename, error.filename2) if isinstance(error, OSError) else ()
    return [Path(os.fsdecode(name)) for name in names if isinstance(name, str | bytes | os.PathLike)]


def _what(number: int, folder: Path) -> str:
    if number == errno.EDQUOT:
        return f"The disk quota is used up at {folder}"
    if number == errno.EFBIG:
        return f"A file grew beyond what may be written at {folder}: `ulimit -f` says how long a file may be"
    system = os.statvfs(nearest_there(folder))
    if system.f_files and not system.f_favail:
        return f"The disk is full: there is no room for one more file, however small (no inode) at {folder}"
    return f"The disk is full: a file didn't fit into the {decimal(free_bytes(folder))} that are free at {folder}"
