"""Reads files and folders on a local disk or wherever tf.io.gfile reaches.

Local files are read through `os`, since tf.io.gfile follows no symlinks and refuses names that aren't UTF-8. What is
remote is in `components.ingest.remote`, which takes TensorFlow: a look at local data shouldn't wait ten seconds for it.
"""

import errno
import glob as local_glob
import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from types import ModuleType
from typing import IO

from components.errors import TransferlineError
from components.wording import printable


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
    return os.path.exists(path) if is_local(path) else bool(_remote().exists(path))


def is_folder(path: str) -> bool:
    """Returns whether a path is that of a folder."""
    return os.path.isdir(path) if is_local(path) else bool(_remote().is_folder(path))


def names_in(folder: str) -> list[str]:
    """Returns the names of what is right in a folder; none where there is no such folder."""
    if not is_folder(folder):
        return []
    return os.listdir(folder) if is_local(folder) else list(_remote().names_in(folder))


def open_file(path: str) -> IO[bytes]:
    """Opens a file for reading bytes; it can seek.

    Raises:
        OSError: It can't be read, wherever it is.
    """
    return open(path, "rb") if is_local(path) else _remote().open_file(path)


def local_stamp(info: os.stat_result) -> str:
    """Returns "size:mtime:ctime"; the last tells a file that was replaced together with its time, as `cp -p` does."""
    return f"{info.st_size}:{info.st_mtime_ns}:{info.st_ctime_ns}"


def stamp_of(path: str) -> str:
    """Returns a file's size, in bytes, and times, in ns, or "missing"."""
    try:
        return local_stamp(os.stat(path)) if is_local(path) else str(_remote().stamp_of(path))
    except (OSError, ValueError):
        return "missing"


def glob(pattern: str) -> list[str]:
    """Returns the files that a pattern matches, sorted."""
    found = local_glob.glob(pattern) if is_local(pattern) else _remote().glob(pattern)
    return sorted(path for path in found if not is_folder(path))


def walk(folder: str) -> Iterator[Node]:
    """Yields everything below a folder, in the order of names; linked folders follow the others.

    Raises:
        TransferlineError: A folder can't be read.
    """
    yield from _walk_local(folder) if is_local(folder) else _walk_remote(folder)


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
    return (
        f"symlink loop: it leads to {printable(real) or 'the data'}{'/' if real else ' itself'}, which is read already"
    )


def _scan(path: str) -> "list[os.DirEntry[str]]":
    try:
        with os.scandir(path) as entries:
            return sorted(entries, key=lambda entry: entry.name)
    except OSError as error:
        raise TransferlineError(
            f"A folder can't be read: {error.strerror}.",
            place=printable(path),
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


def _walk_remote(top: str) -> Iterator[Node]:
    for folder, below, files in _remote().walk(top):
        prefix = folder.rstrip("/")[len(top.rstrip("/")) :].strip("/")
        prefix = f"{prefix}/" if prefix else ""
        for name in sorted(below):
            yield Node(prefix + name.rstrip("/"), is_folder=True)
        for name in sorted(files):
            yield Node(prefix + name, stamp=stamp_of(join(folder, name)))


def _remote() -> ModuleType:
    from components.ingest import remote  # noqa: PLC0415 (imports TensorFlow)

    return remote
