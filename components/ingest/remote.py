"""Reaches files and folders by tf.io.gfile, but for gs://, with Python's interface and errors; see `ingest.storage`."""

import io
import os
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import IO, Any

import tensorflow as tf

from components.errors import TransferlineError

_BUFFER_BYTES = 2**20


def exists(path: str) -> bool:
    """Returns whether there is a file or a folder."""
    return bool(_as_os_error(tf.io.gfile.exists, path))


def is_folder(path: str) -> bool:
    """Returns whether a path is that of a folder."""
    return bool(_as_os_error(tf.io.gfile.isdir, path))


def names_in(folder: str) -> list[str]:
    """Returns the names of what is right in a folder; none where there is no such folder."""
    if not is_folder(folder):
        return []
    names = (str(name).rstrip("/") for name in _as_os_error(tf.io.gfile.listdir, folder))
    return [name for name in names if name]  # a folder's own marker has none


def open_file(path: str) -> IO[bytes]:
    """Opens a file for reading bytes; it can seek.

    Raises:
        OSError: It can't be read.
    """
    return io.BufferedReader(_RemoteFile(path), _BUFFER_BYTES)


def read_file(path: str, most: int) -> bytes:
    """Returns what is in a file; of one that is larger than `most` bytes no more than one byte beyond.

    Raises:
        OSError: It can't be read.
    """
    with open_file(path) as file:
        return file.read(most + 1)


def stamp_of(path: str) -> str:
    """Returns "size:mtime", in bytes and ns.

    Raises:
        OSError: There is no such file.
    """
    found = _as_os_error(tf.io.gfile.stat, path)
    return f"{found.length}:{found.mtime_nsec}"


def glob(pattern: str) -> list[str]:
    """Returns the files that a pattern matches."""
    return [str(path) for path in _as_os_error(tf.io.gfile.glob, pattern) if not is_folder(path)]


def below(top: str) -> Iterator[tuple[str, str]]:
    """Yields the name of everything below a folder, relative to it, with its stamp; that of a folder ends in "/".

    Raises:
        TransferlineError: A folder can't be read.
    """

    def fail(error: Exception) -> None:
        raise TransferlineError(
            f"A folder can't be read: {error}.",
            place=top,
            cure="Check the address, and that the account that runs the pipeline may list it.",
        ) from error

    for folder, folders, files in tf.io.gfile.walk(top, onerror=fail):
        inside = folder.rstrip("/")[len(top.rstrip("/")) :].strip("/")
        prefix = f"{inside}/" if inside else ""
        for name in sorted(folders):
            yield f"{prefix}{name.rstrip('/')}/", ""
        for name in sorted(file for file in files if file):
            yield prefix + name, _stamp_or_missing(os.path.join(folder, name))


def upload(file: IO[bytes], path: str) -> None:
    """Writes what is in a file to a path; what is there is replaced.

    Raises:
        OSError: It can't be written.
    """
    _as_os_error(tf.io.gfile.makedirs, os.path.dirname(path))
    with tf.io.gfile.GFile(path, "wb") as opened:
        while content := file.read(_BUFFER_BYTES):
            _as_os_error(opened.write, content)
        _as_os_error(opened.close)


def create(path: str, content: bytes) -> bool:
    """Writes a file unless there is one, and returns whether it did; of two that try at once, both may believe it.

    Raises:
        OSError: It can't be written.
    """
    if exists(path):
        return False
    upload(io.BytesIO(content), path)
    return True


def remove(path: str) -> None:
    """Removes a file, if there is one.

    Raises:
        OSError: It can't be removed.
    """
    with suppress(FileNotFoundError):
        _as_os_error(tf.io.gfile.remove, path)


def remove_tree(path: str) -> None:
    """Removes a file, or a folder with all that is in it.

    Raises:
        OSError: It can't be removed.
    """
    if is_folder(path):
        _as_os_error(tf.io.gfile.rmtree, path)
    else:
        remove(path)


def _stamp_or_missing(path: str) -> str:
    try:
        return stamp_of(path)
    except OSError:
        return "missing"


class _RemoteFile(io.RawIOBase):
    """A tf.io.gfile file with Python's own interface and errors, as zipfile and gzip need them."""

    def __init__(self, path: str) -> None:
        self._file = _as_os_error(tf.io.gfile.GFile, path, "rb")
        self._size = int(_as_os_error(self._file.size))

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        content = _as_os_error(self._file.read, len(buffer))
        buffer[: len(content)] = content
        return len(content)

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        start = {os.SEEK_SET: 0, os.SEEK_CUR: self.tell(), os.SEEK_END: self._size}[whence]
        _as_os_error(self._file.seek, start + offset)
        return start + offset

    def tell(self) -> int:
        return int(self._file.tell())

    def close(self) -> None:
        if not self.closed:
            self._file.close()
        super().close()


def _as_os_error(call: Callable[..., Any], *args: object) -> Any:
    try:
        return call(*args)
    except tf.errors.NotFoundError as error:
        raise FileNotFoundError(error.message) from error
    except tf.errors.OpError as error:
        raise OSError(error.message) from error
