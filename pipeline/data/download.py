"""Downloads a public file: bounded, gone on with where it broke off, and compared whenever it is used.

A file comes over TLS, or its sha256 is known. While it comes it is `.NAME.partial` in its folder, and locked, so that
who wants the same file waits. What is known of the finished file stands beside it, in `.NAME.json`.
"""

import fcntl
import hashlib
import http.client
import os
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, BinaryIO
from urllib.parse import urlsplit

from pydantic import ValidationError

from components.errors import TransferlineError
from components.ingest.storage import local_stamp, size_in
from components.room import full_disk
from components.settings import Settings
from pipeline.config.sources import Download

TIMEOUT_SECONDS = 10
CHUNK_BYTES = 1 << 20
TRIES = 5
"""So often a download is gone on with in one go, if each time some more of it has come."""

NOT_THE_RANGE = 416


class Kept(Settings):
    """What is known of a download that is here.

    Attributes:
        url: Where it came from.
        sha256: Hex digest, when it came.
        stamp: Of the file then: while that is the same, nobody has touched it, and it needn't be read again.
    """

    url: str
    sha256: str
    stamp: str


class _BrokenOffError(OSError):
    """The server said that there is more."""


def download(source: Download, path: Path) -> None:
    """Downloads a file unless it is there by now; it appears whole or not at all.

    Args:
        source: What to download.
        path: Where to.

    Raises:
        TransferlineError: It can't be had, isn't what it should be, or anybody on the way could have changed it.
        OSError: It can't be written.
    """
    _refuse_what_anybody_can_change(source, path)
    partial = _partial_file(path)
    with _locked(partial) as file:
        if path.exists():  # somebody else was at it
            _forget(path)
            return
        _note_file(path).unlink(missing_ok=True)  # of a file that was removed: another may come in its place
        try:
            _fetch(source, file, path)
            _compare(source, path, file.tell(), _sha256(partial))
        except (http.client.HTTPException, OSError) as error:
            if full_disk(error):  # what came of it only fills the disk further
                _forget(path)
                raise
            if not _can_go_on(path, file):
                _forget(path)
            raise TransferlineError(
                f"{source.url} can't be downloaded: {error}.", place=source.url, cure=_cure(path)
            ) from error
        except TransferlineError:  # it isn't the file
            _forget(path)
            raise
        partial.rename(path)
        _version_file(path).unlink(missing_ok=True)


def check_kept(source: Download, path: Path) -> None:
    """Compares a download that is here with what it should be; its content if it isn't known to be what came.

    Raises:
        TransferlineError: It isn't.
    """
    note = _note_file(path)
    try:
        kept = Kept.model_validate_json(note.read_bytes())
    except (OSError, ValidationError):
        kept = None
    stamp = local_stamp(path.stat())
    found = kept.sha256 if kept and kept.stamp == stamp else _sha256(path)
    _compare(source, path, size_in(stamp), found)
    if kept and kept.sha256 != found:
        raise _not_this(source, path, "The file was changed since it was downloaded.")
    if kept is None or kept.stamp != stamp:
        try:
            note.write_text(Kept(url=source.url, sha256=found, stamp=stamp).model_dump_json(), encoding="utf-8")
        except OSError:  # of a cache that is only read: then it is compared anew each time
            return


def _refuse_what_anybody_can_change(source: Download, path: Path) -> None:
    scheme = urlsplit(source.url).scheme
    if scheme != "https" and not (scheme == "http" and source.sha256):
        raise TransferlineError(
            f"What comes over {scheme or 'no protocol'} may be anybody's.",
            place=source.url,
            cure=f"Name an address of https://, or the sha256 of one of http://; or put the file at {path}, or give "
            "the data with --data-dir.",
        )


@contextmanager
def _locked(partial: Path) -> Iterator[BinaryIO]:
    """Opens the unfinished file to go on with it, when nobody else is at it."""
    while True:
        with partial.open("ab") as file:
            with suppress(OSError):  # of a file system without locks
                fcntl.flock(file, fcntl.LOCK_EX)
            if os.fstat(file.fileno()).st_nlink:  # otherwise whoever was at it has removed it
                yield file
                return


def _fetch(source: Download, file: BinaryIO, path: Path) -> None:
    for tried in range(1, TRIES + 1):
        before = file.tell()
        try:
            _go_on(source, file, path)
        except (http.client.HTTPException, OSError):
            file.flush()
            if tried == TRIES or file.tell() <= before or not _can_go_on(path, file):
                raise
        else:
            file.flush()
            return


def _go_on(source: Download, file: BinaryIO, path: Path) -> None:
    """Asks for what is missing; if the server has another file by now, or knows no ranges, that is all of it."""
    headers = {}
    if _can_go_on(path, file):
        headers = {"Range": f"bytes={file.tell()}-", "If-Range": _version_file(path).read_text("utf-8")}
    request = urllib.request.Request(source.url, headers=headers)  # noqa: S310 (looked at)
    try:
        with _opener(source).open(request, timeout=TIMEOUT_SECONDS) as answer:
            _take(source, answer, file, path)
    except urllib.error.HTTPError as error:
        if error.code != NOT_THE_RANGE or not headers:
            raise
        _begin_anew(file)
        _go_on(source, file, path)


def _take(source: Download, answer: http.client.HTTPResponse, file: BinaryIO, path: Path) -> None:
    if answer.status != http.client.PARTIAL_CONTENT:
        _begin_anew(file)
    elif not answer.headers.get("Content-Range", "").startswith(f"bytes {file.tell()}-"):
        raise _BrokenOffError("the server sent another part of the file")
    tag = answer.headers.get("ETag", "")
    version = answer.headers.get("Last-Modified", "") if not tag or tag.startswith("W/") else tag
    if version:
        _version_file(path).write_text(version, encoding="utf-8")
    declared = answer.headers.get("Content-Length")
    expected = file.tell() + int(declared) if declared and declared.isdecimal() else None
    bound = source.at_most if source.size is None else source.size
    while chunk := answer.read(CHUNK_BYTES):
        file.write(chunk)
        if file.tell() > bound:
            raise _not_this(source, path, f"The download has more than {bound} bytes.")
    if expected is not None and file.tell() < expected:
        raise _BrokenOffError(f"it broke off after {file.tell():,} of {expected:,} bytes")


def _can_go_on(path: Path, file: BinaryIO) -> bool:
    """Whether some of the file has come, and the server can be asked for the rest of the same one."""
    return file.tell() > 0 and _version_file(path).exists()


def _begin_anew(file: BinaryIO) -> None:
    file.truncate(0)
    file.seek(0)


def _forget(path: Path) -> None:
    _partial_file(path).unlink()
    _version_file(path).unlink(missing_ok=True)


def _partial_file(path: Path) -> Path:
    return path.with_name(f".{path.name}.partial")


def _note_file(path: Path) -> Path:
    return path.with_name(f".{path.name}.json")


def _version_file(path: Path) -> Path:
    """The file with what the server knows the version by that is coming."""
    return path.with_name(f".{path.name}.version")


def _opener(source: Download) -> urllib.request.OpenerDirector:
    return urllib.request.build_opener(_SafeRedirect(source))


class _SafeRedirect(urllib.request.HTTPRedirectHandler):
    """Follows to addresses that the download itself could have."""

    def __init__(self, source: Download) -> None:
        self._source = source

    def redirect_request(
        self,
        req: urllib.request.Request,
        fp: IO[bytes],
        code: int,
        msg: str,
        headers: http.client.HTTPMessage,
        newurl: str,
    ) -> urllib.request.Request | None:
        if urlsplit(newurl).scheme != "https" and not self._source.sha256:
            raise urllib.error.URLError(f"it leads to {newurl}, which isn't https")
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def _compare(source: Download, path: Path, size: int, sha256: str) -> None:
    if source.size is not None and size != source.size:
        raise _not_this(source, path, f"The download has {size} bytes instead of {source.size}.")
    if source.sha256 is not None and sha256 != source.sha256.lower():
        raise _not_this(source, path, f"The download has the sha256 {sha256} instead of {source.sha256}.")


def _sha256(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(CHUNK_BYTES):
            digest.update(chunk)
    return digest.hexdigest()


def _not_this(source: Download, path: Path, cause: str) -> TransferlineError:
    if path.exists():
        return TransferlineError(cause, place=str(path), cure="Remove it, and the next run downloads it again.")
    return TransferlineError(cause, place=source.url, cure=_cure(path))


def _cure(path: Path) -> str:
    return (
        f"Fetch the file elsewhere and put it at {path}, or give the data with --data-dir (the file itself, or a "
        "folder)."
    )
