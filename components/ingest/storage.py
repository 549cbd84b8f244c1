"""Files and folders, on a local disk or wherever tf.io.gfile reaches.

Local files are read through `os`, since tf.io.gfile follows no symlinks and refuses names that aren't UTF-8. TensorFlow
is imported only for what is remote: commands that look at local data answer at once.
"""
# ruff: noqa: PLC0415 - see above.

import errno
import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO

from components.errors import TransferlineError
from components.ingest.file_names import shown

MISSING = "missing"
"""The stamp of a file that isn't there."""


@dataclass(frozen=True)
class Node:
    """One thing below a folder.

    Attributes:
        name: Path relative to the folder, with "/" between its parts; undecodable bytes as surrogate escapes.
        is_folder: Whether it is a folder; every folder is told, before what it holds.
        fault: Why it can't be read; empty if it is a regular file or a folder.
        stamp: Size in bytes and time of the last change in ns, as "size:mtime"; empty for a folder.
    """

    name: str
    is_folder: bool = False
    fault: str = ""
    stamp: str = ""


def is_local(path: str) -> bool:
    """Returns whether a path is one for the `os` module."""
    return "://" not in path


def join(folder: str, name: str) -> str:
    """Returns the path of a name inside a folder; names that are absolute stay as they are."""
    return os.path.join(folder, name) if is_local(name) else name


def exists(path: str) -> bool:
    """Returns whether there is a file or a folder."""
    if is_local(path):
        return os.path.exists(path)
    from components.ingest import remote_storage

    return remote_storage.exists(path)


def is_folder(path: str) -> bool:
    """Returns whether a path is that of a folder."""
    if is_local(path):
        return os.path.isdir(path)
    from components.ingest import remote_storage

    return remote_storage.is_folder(path)


def open_file(path: str) -> IO[bytes]:
    """Opens a file for reading bytes; it can seek.

    Raises:
        OSError: It can't be read, wherever it is.
    """
    if is_local(path):
        return open(path, "rb")
    from components.ingest import remote_storage

    return remote_storage.open_file(path)


def local_stamp(info: os.stat_result) -> str:
    """Returns "size:mtime:ctime"; the last tells a file that was replaced together with its time, as `cp -p` does."""
    return f"{info.st_size}:{info.st_mtime_ns}:{info.st_ctime_ns}"


def stamp_of(path: str) -> str:
    """Returns a file's size, in bytes, and times, in ns, or "missing"."""
    if not is_local(path):
        from components.ingest import remote_storage

        return remote_storage.stamp_of(path)
    try:
        return local_stamp(os.stat(path))
    except (OSError, ValueError):
        return MISSING


def glob(pattern: str) -> list[str]:
    """Returns the files that a pattern matches, sorted."""
    from components.ingest import remote_storage  # its patterns, for local paths too

    return sorted(path for path in remote_storage.glob(pattern) if not is_folder(path))


def walk(folder: str) -> Iterator[Node]:
    """Yields everything below a folder, in the order of names; linked folders follow the others.

    Raises:
        TransferlineError: A folder can't be read.
    """
    if is_local(folder):
        yield from _walk_local(folder)
        return
    from components.ingest import remote_storage

    yield from remote_storage.walk(folder)


def _walk_local(top: str) -> Iterator[Node]:
    """Follows symlinks, but reads no folder twice: that would loop, or count photos twice."""
    read = {os.path.realpath(top): ""}
    pending: list[str] = [""]
    linked: list[str] = []
    while pending or linked:
        is_link = not pending
        folder = linked.pop(0) if is_link else pending.pop()
        real = os.path.realpath(os.path.join(top, folder))
        if is_link and real in read:
            yield Node(folder, fault=_repeated_link(read[real]))
            continue
        read[real] = folder
        if folder:
            yield Node(folder, is_folder=True)
        below = []
        for entry in _scan(os.path.join(top, folder)):
            name = f"{folder}/{entry.name}" if folder else entry.name
            if not _is_folder(entry):
                yield _file_node(name, entry)
            elif entry.is_symlink():
                linked.append(name)
            else:
                read[os.path.realpath(entry.path)] = name
                below.append(name)
        pending.extend(reversed(below))


def _is_folder(entry: "os.DirEntry[str]") -> bool:
    try:
        return entry.is_dir()
    except OSError:
        return False


def _repeated_link(real: str) -> str:
    return f"symlink loop: it leads to {shown(real) or 'the data'}{'/' if real else ' itself'}, which is read already"


def _scan(path: str) -> "list[os.DirEntry[str]]":
    try:
        with os.scandir(path) as entries:
            return sorted(entries, key=lambda entry: entry.name)
    except OSError as error:
        raise TransferlineError(
            f"A folder can't be read: {error.strerror}.",
            place=shown(path),
            cure="Give the user who runs the pipeline the right to list it, or move it out of the data.",
        ) from error


def _file_node(name: str, entry: "os.DirEntry[str]") -> Node:
    try:
        info = entry.stat()
    except FileNotFoundError:
        return Node(name, fault="broken symlink")
    except OSError as error:
        return Node(name, fault="symlink loop" if error.errno == errno.ELOOP else f"can't be read: {error.strerror}")
    if not stat.S_ISREG(info.st_mode):
        return Node(name, fault="not a regular file")
    return Node(name, stamp=local_stamp(info))
