"""Reads files and folders on a local disk, on gs://, or wherever tf.io.gfile reaches.

Local files are read through `os`, since tf.io.gfile follows no symlinks and refuses names that aren't UTF-8. For gs://
there is `components.ingest.google_storage`, since tf.io.gfile asks six times for a photo; for the rest
`components.ingest.remote`. They are imported where they are used: a look at local data shouldn't wait for them.
"""

import errno
import glob as local_glob
import os
import shutil
import stat
import tempfile
import warnings
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import lru_cache
from types import ModuleType
from typing import IO

from components.errors import TransferlineError
from components.wording import printable

GOOGLE = "gs://"
MISSING = "missing"
"""The stamp of what isn't there."""


@dataclass(frozen=True)
class Node:
    """One thing below a folder.

    Attributes:
        name: Path relative to the folder, with "/" between its parts; undecodable bytes as surrogate escapes.
        is_folder: Whether it is a folder; every folder is told, before what it holds.
        fault: Why it can't be read; empty if it is a regular file or a folder.
        stamp: What changes when the file does, and begins with its size in bytes and a ":"; empty for a folder.
        leads_out: Whether a link leads to it out of the folder.
    """

    name: str
    is_folder: bool = False
    fault: str = ""
    stamp: str = ""
    leads_out: bool = False


def is_local(path: str) -> bool:
    """Returns whether a path is one for the `os` module."""
    return "://" not in path


def join(folder: str, name: str) -> str:
    """Returns the path of a name inside a folder; names that are absolute stay as they are."""
    return os.path.join(folder, name) if is_local(name) else name


def leads_out(path: str, folder: str) -> bool:
    """Returns whether a path, or the link that it is, leads elsewhere than below a folder."""
    if not is_local(path):
        return not path.startswith(f"{folder.rstrip('/')}/")
    if not is_local(folder):
        return True
    name = os.path.basename(path)
    # Few folders have many files, and few files are links.
    real = os.path.join(_real_folder(os.path.dirname(path)), name)
    if name in ("", ".", "..") or os.path.islink(real):
        real = os.path.realpath(path)
    return not real.startswith(os.path.join(_real_folder(folder), ""))


@lru_cache(maxsize=1024)
def _real_folder(folder: str) -> str:
    return os.path.realpath(folder)


def exists(path: str) -> bool:
    """Returns whether there is a file or a folder."""
    return os.path.exists(path) if is_local(path) else bool(_reach(path).exists(path))


def is_folder(path: str) -> bool:
    """Returns whether a path is that of a folder."""
    return os.path.isdir(path) if is_local(path) else bool(_reach(path).is_folder(path))


def names_in(folder: str) -> list[str]:
    """Returns the names of what is right in a folder; none where there is no such folder."""
    if not is_local(folder):
        return list(_reach(folder).names_in(folder))
    return os.listdir(folder) if os.path.isdir(folder) else []


def open_file(path: str) -> IO[bytes]:
    """Opens a file for reading bytes; it can seek.

    Raises:
        OSError: It can't be read, wherever it is.
    """
    return _open_local(path) if is_local(path) else _reach(path).open_file(path)


def read_file(path: str, most: int) -> bytes:
    """Returns what is in a file; of one that is larger than `most` bytes only that it is: one byte more.

    Raises:
        OSError: It can't be read, wherever it is.
    """
    if not is_local(path):
        return bytes(_reach(path).read_file(path, most))
    with _open_local(path) as file:
        # Python makes room for as many bytes as are asked for, before it knows how many there are.
        return file.read(min(os.fstat(file.fileno()).st_size, most) + 1)


def _open_local(path: str) -> IO[bytes]:
    """Opens a file, but no pipe: to open one waits until somebody writes into it."""

    def opened(name: str, flags: int) -> int:
        number = os.open(name, flags | os.O_NONBLOCK)
        kind = os.fstat(number).st_mode
        if stat.S_ISREG(kind) or stat.S_ISDIR(kind):  # of which Python says what it is
            return number
        os.close(number)
        raise OSError(errno.EINVAL, "It isn't a regular file", name)

    return open(path, "rb", opener=opened)


def local_stamp(info: os.stat_result) -> str:
    """Returns "size:mtime:ctime"; the last tells a file that was replaced together with its time, as `cp -p` does."""
    return f"{info.st_size}:{info.st_mtime_ns}:{info.st_ctime_ns}"


def stamp_of(path: str) -> str:
    """Returns a file's size, in bytes, and times, in ns, or `MISSING`."""
    try:
        return local_stamp(os.stat(path)) if is_local(path) else str(_reach(path).stamp_of(path))
    except (OSError, ValueError):
        return MISSING


def stamps_of(paths: Sequence[str]) -> list[str]:
    """Returns the stamp of each file, as `stamp_of`, with as few requests as there can be."""
    on_google = [path for path in paths if path.startswith(GOOGLE)]
    known = dict(zip(on_google, _reach(GOOGLE).stamps_of(on_google), strict=True)) if on_google else {}
    return [known[path] if path in known else stamp_of(path) for path in paths]


def size_in(stamp: str) -> int:
    """Returns the size in bytes that a file's stamp tells."""
    return int(stamp.partition(":")[0])


def glob(pattern: str) -> list[str]:
    """Returns the files that a pattern matches, sorted."""
    if not is_local(pattern):
        return sorted(_reach(pattern).glob(pattern))
    return sorted(path for path in local_glob.glob(pattern) if not os.path.isdir(path))


def upload(file: IO[bytes], path: str) -> None:
    """Writes what is in a file to a path; what is there is replaced, and is whole at any time but on some remote ones.

    Raises:
        OSError: It can't be written.
        TransferlineError: It can't be written, to gs://.
    """
    if not is_local(path):
        _reach(path).upload(file, path)
        return
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with tempfile.TemporaryDirectory(dir=os.path.dirname(path), prefix=".partial-") as partial:
        made = os.path.join(partial, os.path.basename(path))
        with open(made, "wb") as opened:
            shutil.copyfileobj(file, opened)
        os.replace(made, path)


def create(path: str, content: bytes) -> bool:
    """Writes a small file unless there is one; of several that try at once, one succeeds, but on some remote ones.

    Returns:
        Whether it was written.

    Raises:
        OSError: It can't be written.
        TransferlineError: It can't be written, to gs://.
    """
    if not is_local(path):
        return bool(_reach(path).create(path, content))
    try:
        with open(path, "xb") as file:
            file.write(content)
    except FileExistsError:
        return False
    return True


def remove(path: str) -> None:
    """Removes a file, if there is one.

    Raises:
        OSError: It can't be removed.
        TransferlineError: It can't be removed, from gs://.
    """
    if not is_local(path):
        _reach(path).remove(path)
        return
    with suppress(FileNotFoundError):
        os.remove(path)


def remove_tree(path: str) -> None:
    """Removes a file, or a folder with all that is in it, if there is one.

    Raises:
        OSError: It can't be removed.
        TransferlineError: It can't be removed, from gs://.
    """
    if not is_local(path):
        _reach(path).remove_tree(path)
    elif os.path.isdir(path) and not os.path.islink(path):
        shutil.rmtree(path, ignore_errors=True)  # others may be removing it too
        if os.path.lexists(path):
            shutil.rmtree(path)
    else:
        remove(path)


def walk(folder: str) -> Iterator[Node]:
    """Yields everything below a folder, in the order of names; linked folders follow the others.

    Raises:
        TransferlineError: A folder can't be read.
    """
    yield from _walk_local(folder) if is_local(folder) else _walk_remote(folder)


def _walk_local(top: str) -> Iterator[Node]:
    """Follows symlinks, but reads no folder twice: that would loop, or count photos twice."""
    real_top = os.path.realpath(top)
    inside = os.path.join(real_top, "")
    read = {real_top: ""}
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
        is_outside = not os.path.join(real, "").startswith(inside)
        if folder:
            yield Node(folder, is_folder=True, leads_out=is_outside)
        below = []
        for entry in _scan(os.path.join(top, folder)):
            name = f"{folder}/{entry.name}" if folder else entry.name
            if not _is_folder(entry):
                node = _file_node(name, entry)
                if is_outside or (entry.is_symlink() and not os.path.realpath(entry.path).startswith(inside)):
                    node = replace(node, leads_out=True)
                yield node
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
    """Tells what is listed, and each folder that is in a name. A name that ends in "/" only says that there is one."""
    told: set[str] = set()
    for name, stamp in _reach(top).below(top):
        for folder in _folders_of(name):
            if folder not in told:
                told.add(folder)
                yield Node(folder, is_folder=True)
        if not name.endswith("/"):
            yield Node(name, stamp=stamp)
        elif stamp and size_in(stamp):
            yield Node(name, fault="its name is that of a folder, and there is something in it")


def _folders_of(name: str) -> Iterator[str]:
    parts = name.split("/")[:-1]
    for depth in range(1, len(parts) + 1):
        yield "/".join(parts[:depth])


def _reach(path: str) -> ModuleType:
    if path.startswith(GOOGLE):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FutureWarning)  # of Python 3.10, of which `doctor` tells
            from components.ingest import google_storage  # noqa: PLC0415 (imports Google's client)

        return google_storage
    from components.ingest import remote  # noqa: PLC0415 (imports TensorFlow)

    return remote
