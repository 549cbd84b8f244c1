"""Reaches files and folders through tf.io.gfile, with Python's own interface and errors; see `ingest.storage`."""

import io
import os
from collections.abc import Callable, Iterator
from typing import IO, Any

import tensorflow as tf

from components.errors import TransferlineError

_BUFFER_BYTES = 2**20


def exists(path: str) -> bool:
    """Returns whether there is a file or a folder."""
    return bool(tf.io.gfile.exists(path))


def is_folder(path: str) -> bool:
    """Returns whether a path is that of a folder."""
    return bool(tf.io.gfile.isdir(path))


def names_in(folder: str) -> list[str]:
    """Returns the names of what is right in a folder."""
    return [str(name).rstrip("/") for name in tf.io.gfile.listdir(folder)]


def open_file(path: str) -> IO[bytes]:
    """Opens a file for reading bytes; it can seek.

    Raises:
        OSError: It can't be read.
    """
    return io.BufferedReader(_RemoteFile(path), _BUFFER_BYTES)


def stamp_of(path: str) -> str:
    """Returns "size:mtime", in bytes and ns.

    Raises:
        OSError: There is no such file.
    """
    found = _as_os_error(tf.io.gfile.stat, path)
    return f"{found.length}:{found.mtime_nsec}"


def glob(pattern: str) -> list[str]:
    """Returns what a pattern matches."""
    return [str(path) for path in tf.io.gfile.glob(pattern)]


def walk(top: str) -> Iterator[tuple[str, list[str], list[str]]]:
    """Yields each folder with the names of the folders and the files in it.

    Raises:
        TransferlineError: A folder can't be read.
    """

    def fail(error: Exception) -> None:
        raise TransferlineError(
            f"A folder can't be read: {error}.",
            place=top,
            cure="Check the address, and that the account that runs the pipeline may list it.",
        ) from error

    yield from tf.io.gfile.walk(top, onerror=fail)


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
