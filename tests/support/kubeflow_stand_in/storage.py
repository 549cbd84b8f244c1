"""How the launcher copies between a bucket and its container: objectstore/object_store.go.

Objects whose names end in "/" are directory markers to TensorFlow. To KFP they are files like others, and a step whose
producer left them behind fails: kubeflow/pipelines issue 13476.
"""

import posixpath
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Protocol

SCHEMES = {"gs://": "/gcs/", "minio://": "/minio/", "s3://": "/s3/"}


class StorageError(Exception):
    """The launcher can't copy; its words are KFP's."""


class Bucket(Protocol):
    """A bucket of objects."""

    def keys(self, prefix: str) -> Iterable[str]:
        """Returns the names that begin with a prefix, in order."""

    def read(self, key: str) -> bytes:
        """Returns an object's content."""

    def write(self, key: str, content: bytes) -> None:
        """Writes an object."""


class GoogleBucket:
    """A bucket of Google Cloud Storage, or of what answers in its place."""

    def __init__(self, name: str):
        from google.cloud import storage  # noqa: PLC0415

        self._bucket: Any = storage.Client(project=None).bucket(name)

    def keys(self, prefix: str) -> Iterable[str]:
        """Returns the names that begin with a prefix, in order."""
        return [blob.name for blob in self._bucket.list_blobs(prefix=prefix)]

    def read(self, key: str) -> bytes:
        """Returns an object's content."""
        return bytes(self._bucket.blob(key).download_as_bytes())

    def write(self, key: str, content: bytes) -> None:
        """Writes an object."""
        self._bucket.blob(key).upload_from_string(content)


def local_path(uri: str) -> str | None:
    """Returns where a URI's files lie in the container; None for one of no bucket (launcher_v2.go, LocalPathForURI)."""
    for scheme, folder in SCHEMES.items():
        if uri.startswith(scheme):
            return folder + uri.removeprefix(scheme)
    return None


def bucket_and_key(uri: str) -> tuple[str, str]:
    """Returns the name of a URI's bucket, and what follows it."""
    name, _, key = uri.partition("://")[2].partition("/")
    return name, key


def download(bucket: Bucket, key: str, folder: Path) -> None:
    """Copies all objects below a key into a folder: DownloadBlob and downloadFile.

    Raises:
        StorageError: A file and a folder have one name: a directory marker.
    """
    below = key.rstrip("/")
    for name in bucket.keys(key):
        if name != below and not name.startswith(f"{below}/"):
            continue
        if ".." in name.split("/"):
            raise StorageError(f"path traversal detected: blob key \"{name}\" contains '..' component")
        # As filepath.Rel does, which forgets the "/" at the end of a marker.
        target = folder / posixpath.relpath(name, below)
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
        except (NotADirectoryError, FileExistsError) as error:
            marker = next(folder for folder in target.parents if folder.is_file())
            raise StorageError(
                f'downloadFile(): unable to complete copying "{name}" to local storage "{target}": '
                f'failed to create local directory "{target.parent}": mkdir {marker}: not a directory'
            ) from error
        if target.is_dir():
            raise StorageError(f'unable to open local file "{target}" for writing: open {target}: is a directory')
        target.write_bytes(bucket.read(name))


def upload(bucket: Bucket, path: Path, key: str) -> None:
    """Copies a file, or all files below a folder, into the bucket: UploadBlob. A folder without files leaves nothing.

    Raises:
        FileNotFoundError: There is neither.
    """
    if not path.exists():
        raise FileNotFoundError(f'unable to stat local filepath "{path}": stat {path}: no such file or directory')
    if path.is_file():
        bucket.write(key, path.read_bytes())
        return
    for file in sorted(path.rglob("*")):
        if file.is_file():
            bucket.write(f"{key}/{file.relative_to(path).as_posix()}", file.read_bytes())
