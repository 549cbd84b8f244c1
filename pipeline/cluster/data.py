"""Puts a pipeline's own data where the steps of a cluster can read it, as one file."""

import tempfile
import time
import zipfile
from pathlib import Path
from typing import IO

from components.errors import TransferlineError
from components.ingest import storage
from pipeline.config import Pipeline
from pipeline.config.sources import EmbeddedDigits, Source
from pipeline.data.fingerprint import data_fingerprint
from pipeline.data.sources import materialise, source_name

UNDATED = (1980, 1, 1, 0, 0, 0)
"""The time of every photo in an archive: the same photos are the same archive."""


def placed_name(source: Source) -> str:
    """Returns the name that a source's data has on a cluster: a folder of photos is one archive there.

    A bucket is asked for each file by itself, which takes longer than to read it.
    """
    return f"{source_name(source)}.zip" if isinstance(source, EmbeddedDigits) else source_name(source)


def place(source: Source, path: str) -> bool:
    """Copies what a library ships, or a download, to a path, whole or not at all, unless it is there in its size.

    Args:
        source: The pipeline's source.
        path: Local or gs://, ending in `placed_name`.

    Returns:
        Whether it was copied.

    Raises:
        TransferlineError: It can't be written there.
    """
    local = materialise(source)
    try:
        there = storage.stamp_of(path)
        if there != storage.MISSING and (local.is_dir() or storage.size_in(there) == local.stat().st_size):
            return False
        if local.is_dir():
            with tempfile.TemporaryFile() as archive:
                write_archive(local, archive)
                archive.seek(0)
                storage.upload(archive, path)
        else:
            with local.open("rb") as file:
                storage.upload(file, path)
    except OSError as error:
        raise TransferlineError(
            f"The data can't be copied to where the cluster reads it: {error}.",
            place=path,
            cure="Check --root and your credentials, or name data that is there already with --data-dir.",
        ) from error
    return True


def write_archive(folder: Path, file: IO[bytes]) -> None:
    """Writes a folder of photos as a .zip; they aren't compressed once more, since JPEG and PNG wouldn't be smaller."""
    names = [node.name for node in storage.walk(str(folder)) if not node.is_folder]
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
        for name in sorted(names):
            archive.writestr(zipfile.ZipInfo(name, UNDATED), (folder / name).read_bytes())


def data_version(config: Pipeline) -> str:
    """Returns a digest that changes when the data does, as a local run has it.

    Where the data can't be read from here, it is the time, so that no cache answers for data nobody looked at.

    Args:
        config: With `data.path` as the cluster sees it.
    """
    try:
        return data_fingerprint(config)
    except (TransferlineError, OSError):
        return time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
