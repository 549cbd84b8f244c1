"""Reaches gs:// by Google's client, which keeps connections and tries again; see `ingest.storage`.

A listing tells a thousand objects a request, with size and checksum, so that no file is asked for by itself. What goes
wrong beyond a file that isn't there is a `TransferlineError`: it is wrong for every file alike.
"""

import errno
import io
import os
import re
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from fnmatch import fnmatchcase
from functools import lru_cache
from socket import create_connection
from threading import Lock
from typing import IO, Any
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

from google.api_core.exceptions import (
    BadRequest,
    Forbidden,
    GoogleAPICallError,
    GoogleAPIError,
    NotFound,
    PreconditionFailed,
    RequestRangeNotSatisfiable,
    Unauthorized,
)
from google.auth.exceptions import DefaultCredentialsError, GoogleAuthError
from google.cloud.storage import Blob, Client
from google.cloud.storage.retry import DEFAULT_RETRY
from google.resumable_media.common import DataCorruption
from requests import RequestException
from requests.adapters import HTTPAdapter
from urllib3 import HTTPResponse

from components import progress
from components.errors import TransferlineError
from components.ingest.side_by_side import THREADS, side_by_side
from components.wording import printable

SCHEME = "gs://"
TOLD = "items(name,size,md5Hash,crc32c),prefixes,nextPageToken"
"""What a listing is to tell."""

LEAST_BYTES, MOST_BYTES = 2**18, 2**23
"""What is read at a time: little where a reader jumps about, as in a .zip, more and more where it goes on."""

MOST_WORDS = 300
"""Characters of what the service says that are shown."""

UPLOADED_BYTES = 2**23
"""Larger files are sent in pieces of this size."""

SECONDS_TO_REACH, SECONDS_BETWEEN = 10.0, 1.0
"""How long is tried to connect at all; once somebody was there, what fails is tried again for two minutes."""

_ONE_AT_A_TIME = Lock()
"""Of many threads that begin at once, one makes the client."""


def exists(path: str) -> bool:
    """Returns whether there is a file or a folder.

    Raises:
        TransferlineError: There is no such bucket, or it can't be read.
    """
    return is_folder(path) or _is_file(path)


def is_folder(path: str) -> bool:
    """Returns whether there is anything below a path; a bucket is a folder with nothing in it, too.

    Raises:
        TransferlineError: There is no such bucket, or it can't be read.
    """
    found = any(True for _ in _listed(_folder(path), max_results=1))
    _, name = _parted(_folder(path))
    return found or not name


def names_in(folder: str) -> list[str]:
    """Returns the names of what is right in a folder."""
    listed = _listed(_folder(folder), delimiter="/")
    return [name for path, _ in listed if (name := path.removeprefix(_folder(folder)).rstrip("/"))]


def below(folder: str) -> Iterator[tuple[str, str]]:
    """Yields the name of everything below a folder, relative to it, with its stamp; that of a marker ends in "/".

    Raises:
        TransferlineError: There is no such bucket, or it can't be read.
    """
    top = _folder(folder)
    for path, stamp in _listed(top):
        if path != top:
            yield path.removeprefix(top), stamp


def markers(folder: str) -> list[str]:
    """Returns the directory markers of a folder and below it: objects without content whose name ends in "/".

    Raises:
        TransferlineError: There is no such bucket, or it can't be read.
    """
    return [path for path, stamp in _listed(_folder(folder)) if path.endswith("/") and stamp.startswith("0:")]


def glob(pattern: str) -> list[str]:
    """Returns the files that a pattern matches; a "*" matches no "/"."""
    known = re.split(r"[*?\[]", pattern, maxsplit=1)[0]
    in_one_folder = "/" not in pattern[len(known) :]
    return [
        path
        for path, _ in _listed(known, delimiter="/" if in_one_folder else None)
        if not path.endswith("/") and _matches(path, pattern)
    ]


def stamp_of(path: str) -> str:
    """Returns "size:checksum".

    Raises:
        OSError: There is no such file.
    """
    blob = _blob(path)
    with _told(path):
        blob.reload()
    return _stamp(blob)


def stamps_of(paths: Sequence[str]) -> list[str]:
    """Returns the stamp of each file, from the listings of the folders that they are in; "missing" if there is none."""
    by_folder: dict[str, set[str]] = defaultdict(set)
    for path in paths:
        by_folder[path.rpartition("/")[0]].add(path)
    stamps: dict[str, str] = {}
    for found in side_by_side(_stamps_in, by_folder):
        stamps |= found
    return [stamps.get(path, "missing") for path in paths]


def _stamps_in(folder: str) -> dict[str, str]:
    try:
        return dict(_listed(f"{folder}/", delimiter="/"))
    except TransferlineError as error:
        if isinstance(error.__cause__, NotFound):  # there is no such bucket, and no file in it
            return {}
        raise


def open_file(path: str) -> IO[bytes]:
    """Opens a file for reading bytes; it can seek.

    Raises:
        OSError: There is no such file.
    """
    return io.BufferedReader(_File(path), LEAST_BYTES)


def read_file(path: str, most: int) -> bytes:
    """Returns what is in a file, by one request; of one that is larger than `most` bytes no more than one byte beyond.

    Raises:
        OSError: There is no such file.
    """
    content = _Bounded(most)
    with _told(path), suppress(_TooLongError):
        _blob(path).download_to_file(content, checksum="crc32c")
    return content.getvalue()[: most + 1]


def upload(file: IO[bytes], path: str) -> None:
    """Writes a file, which appears whole or not at all; what is there is replaced. Reports how far it is, in bytes.

    Raises:
        TransferlineError: It can't be written.
    """
    size = file.seek(0, os.SEEK_END)
    blob = _blob(path)
    blob.chunk_size = UPLOADED_BYTES
    with _told(path, writing=True):
        # To write the same once more does no harm, which the client can't know.
        blob.upload_from_file(_Watched(file, size), rewind=True, size=size, checksum="crc32c", retry=DEFAULT_RETRY)


def create(path: str, content: bytes) -> bool:
    """Writes a file unless there is one; of several that try at once, one succeeds.

    Returns:
        Whether it was written.

    Raises:
        TransferlineError: It can't be written.
    """
    with _told(path, writing=True):
        try:
            _blob(path).upload_from_string(content, if_generation_match=0)
        except PreconditionFailed:
            return False
    return True


def remove(path: str) -> None:
    """Removes a file, if there is one.

    Raises:
        TransferlineError: It can't be removed.
    """
    with _told(path, writing=True), suppress(NotFound):
        _blob(path).delete(retry=DEFAULT_RETRY)


def remove_tree(path: str) -> None:
    """Removes a file, or a folder with all that is in it, if there is one.

    Raises:
        TransferlineError: It can't be removed.
    """
    inside = [name for name, _ in _listed(_folder(path))]
    for _ in side_by_side(remove, [path, *inside]):
        pass


class _File(io.RawIOBase):
    """A file as Python reads files, of which a stretch is kept that grows as long as a reader goes on.

    The client stays with the generation of the first answer: a file that is replaced meanwhile is one that is gone.
    """

    def __init__(self, path: str) -> None:
        self._path = path
        self._blob = _blob(path)
        self._size: int | None = None
        self._at = self._start = 0
        self._kept = self._read(0, LEAST_BYTES)
        self._ahead = LEAST_BYTES

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        start = {os.SEEK_SET: 0, os.SEEK_CUR: self._at}.get(whence)
        self._at = offset + (self._end() if start is None else start)
        return self._at

    def readinto(self, buffer: Any) -> int:
        if self._size is not None and self._at >= self._size:
            return 0
        if not self._start <= self._at < self._start + len(self._kept):
            self._keep(len(buffer))
        content = self._kept[self._at - self._start :][: len(buffer)]
        buffer[: len(content)] = content
        self._at += len(content)
        return len(content)

    def _keep(self, wanted: int) -> None:
        end = self._start + len(self._kept)
        goes_on = end <= self._at <= end + self._ahead  # with little left out
        self._ahead = min(2 * self._ahead, MOST_BYTES) if goes_on else LEAST_BYTES
        self._kept = self._read(self._at, max(wanted, self._ahead))
        self._start = self._at

    def _read(self, start: int, length: int) -> bytes:
        with _told(self._path):
            try:
                content: bytes = self._blob.download_as_bytes(start=start, end=start + length - 1, checksum=None)
            except RequestRangeNotSatisfiable:  # so begins what is behind the end, and an empty file
                return b""
        if len(content) < length:
            self._size = start + len(content)
        return content

    def _end(self) -> int:
        if self._size is None:
            with _told(self._path):
                self._blob.reload()
            self._size = int(self._blob.size)
        return self._size


class _TooLongError(Exception):
    """There is more than is wanted."""


class _Bounded(io.BytesIO):
    """Takes so many bytes, and stops who writes more."""

    def __init__(self, most: int) -> None:
        super().__init__()
        self._most = most

    def write(self, content: Any) -> int:
        written = super().write(content)
        if self.tell() > self._most:
            raise _TooLongError
        return written


class _Watched:
    """A file that reports how much of it was read."""

    def __init__(self, file: IO[bytes], size: int) -> None:
        self._file = file
        self._size = size

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)

    def read(self, size: int = -1) -> bytes:
        content = self._file.read(size)
        progress.report(self._file.tell(), self._size, "bytes")
        return content


def _listed(prefix: str, **options: Any) -> Iterator[tuple[str, str]]:
    """Yields the path and stamp of all that begins so; with a delimiter, after these the paths that end at one."""
    bucket, name = _parted(prefix)
    with _told(prefix):
        try:
            found = _client().list_blobs(bucket, prefix=name or None, fields=TOLD, **options)
            for blob in found:
                yield f"{SCHEME}{bucket}/{blob.name}", _stamp(blob)
            for folder in sorted(found.prefixes):
                yield f"{SCHEME}{bucket}/{folder}", ""
        except NotFound as error:
            raise _no_bucket(prefix) from error


def _no_bucket(path: str) -> TransferlineError:
    bucket = path.removeprefix(SCHEME).partition("/")[0]
    return TransferlineError(
        f"There is no bucket '{bucket}'.", place=path, cure="Check the address: the name of a bucket follows gs://."
    )


def _is_file(path: str) -> bool:
    try:
        stamp_of(path)
    except FileNotFoundError:
        return False
    return True


def _stamp(blob: Blob) -> str:
    # What was put together from parts has no MD5.
    return f"{blob.size}:{blob.md5_hash or blob.crc32c}"


def _matches(path: str, pattern: str) -> bool:
    parts, wanted = path.split("/"), pattern.split("/")
    return len(parts) == len(wanted) and all(map(fnmatchcase, parts, wanted))


def _folder(path: str) -> str:
    return f"{SCHEME}{path.removeprefix(SCHEME).rstrip('/')}/"


def _parted(path: str) -> tuple[str, str]:
    """Returns the bucket, and the name in it.

    Raises:
        TransferlineError: There can't be such a bucket.
    """
    bucket, _, name = path.removeprefix(SCHEME).partition("/")
    # The client has no error of its own for others.
    if not (bucket[:1].isalnum() and bucket[-1:].isalnum()):
        raise _no_bucket(path)
    return bucket, name


def _blob(path: str) -> Blob:
    bucket, name = _parted(path)
    if not name:
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), path)
    return _client().bucket(bucket).blob(name)


def _client() -> Client:
    with _ONE_AT_A_TIME:
        return _client_of(os.getpid())


@lru_cache(maxsize=1)
def _client_of(_process: int) -> Client:
    """The client of a process; what is read from its connections doesn't survive a fork."""
    client = _new_client()
    _reach(client.api_endpoint)
    for scheme in ("https://", "http://"):
        client._http.mount(scheme, _Connections(pool_maxsize=THREADS, pool_block=True))
    return client


def _new_client() -> Client:
    try:
        return Client(project=None)
    except DefaultCredentialsError:  # which a bucket that is open to all doesn't ask for
        return Client.create_anonymous_client()


def _reach(address: str) -> None:
    """Looks whether somebody is at an address: the client itself would ask for minutes, as if a network would be back.

    Raises:
        TransferlineError: Nobody is, or nobody can be asked.
    """
    parts = urlsplit(address)
    host, port = parts.hostname or "", parts.port or (80 if parts.scheme == "http" else 443)
    if parts.scheme in getproxies() and not proxy_bypass(host):
        return  # which the client goes by, and which tells for itself
    end = time.monotonic() + SECONDS_TO_REACH
    while True:
        try:
            create_connection((host, port), timeout=SECONDS_TO_REACH).close()
        except OSError as error:
            if time.monotonic() + SECONDS_BETWEEN > end:
                raise TransferlineError(
                    f"Google Cloud Storage can't be reached: {error.strerror or error}.",
                    place=address,
                    cure="Check the network, and HTTPS_PROXY if there is a proxy; or give a copy that is here.",
                ) from error
            time.sleep(SECONDS_BETWEEN)
        else:
            return


class _WholeResponse(HTTPResponse):
    """An answer of which it is an error if it breaks off, as urllib3 has it from release 2 on; so it is asked again."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **{"enforce_content_length": True} | options)


class _Connections(HTTPAdapter):
    """A connection for each thread."""

    def init_poolmanager(self, *arguments: Any, **options: Any) -> None:
        super().init_poolmanager(*arguments, **options)
        self.poolmanager.pool_classes_by_scheme = {
            scheme: type(pools.__name__, (pools,), {"ResponseCls": _WholeResponse})
            for scheme, pools in self.poolmanager.pool_classes_by_scheme.items()
        }


@contextmanager
def _told(path: str, *, writing: bool = False) -> Iterator[None]:
    """Says of a file that isn't there what Python says; of all else what is wrong, and what to do about it."""
    try:
        yield
    except NotFound as error:
        if writing:
            raise _no_bucket(path) from error
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), path) from error
    except (Unauthorized, GoogleAuthError) as error:
        raise TransferlineError(
            f"Google Cloud Storage asks for credentials that there aren't here: {_words(error)}.",
            place=path,
            cure="Run `gcloud auth application-default login`, or let GOOGLE_APPLICATION_CREDENTIALS name a key file.",
        ) from error
    except Forbidden as error:
        role = "Storage Object User" if writing else "Storage Object Viewer"
        raise TransferlineError(
            f"The account may not {'write' if writing else 'read'} this in Google Cloud Storage: {_words(error)}.",
            place=path,
            cure=f"Give the account the role {role} on the bucket, or use another account.",
        ) from error
    except BadRequest as error:  # such as the name of a bucket with capitals
        raise TransferlineError(
            f"Google Cloud Storage doesn't take this: {_words(error)}.",
            place=path,
            cure="Check the address, which is to be gs://BUCKET/FOLDER.",
        ) from error
    except PreconditionFailed:
        raise
    except (GoogleAPIError, RequestException, ConnectionError, DataCorruption) as error:
        raise TransferlineError(
            f"Google Cloud Storage didn't answer as it should, however often it was asked: {_words(error)}.",
            place=path,
            cure="Check the network, and run again later.",
        ) from error


def _words(error: Exception) -> str:
    """Returns what the service says, without the address and the status around it."""
    text = str(error)
    response = error.response if isinstance(error, GoogleAPICallError) else None
    if response is not None:
        try:
            text = response.json()["error"]["message"]
        except (ValueError, KeyError, TypeError):
            text = response.text
    return printable(" ".join(text.split())[:MOST_WORDS]).rstrip(".")
