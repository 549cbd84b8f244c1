"""Finds the files that hold the rows."""

import hashlib
import os
from dataclasses import dataclass
from enum import Enum

from components.errors import TransferlineError
from components.ingest import storage
from components.ingest.file_names import is_hidden, split_of_name
from components.wording import printable

EXPECTED = "Set data.path to a .csv, .csv.gz or .parquet file, a folder of such files, or a glob pattern of them."
CSV_ENDINGS = (".csv", ".tsv", ".txt", ".data")
GZIP_ENDINGS = tuple(f"{ending}.gz" for ending in CSV_ENDINGS)
PARQUET_ENDINGS = (".parquet", ".pq")


class Kind(Enum):
    """How a file is read."""

    CSV = "csv"
    GZIP = "csv.gz"
    PARQUET = "parquet"

    @property
    def names_columns(self) -> bool:
        """Whether each such file itself names its columns."""
        return self is Kind.PARQUET


@dataclass(frozen=True)
class DataFile:
    """A file of rows.

    Attributes:
        path: Where it is.
        name: Its path relative to the data, as it is shown.
        kind: How it is read.
        split: The split that its name or a folder of it names; empty if none.
        size: Bytes.
    """

    path: str
    name: str
    kind: Kind
    split: str
    size: int


def list_files(path: str) -> list[DataFile]:
    """Returns the files in the order of their names.

    Raises:
        TransferlineError: There is none, or a folder can't be read.
    """
    files = [_data_file(*found) for found in _found(path)]
    if not files:
        raise TransferlineError("There are no files of rows.", place=printable(path), cure=EXPECTED)
    return files


def fingerprint(path: str) -> str:
    """Returns a digest of the files' names, sizes and times of change, or checksums on gs://; no file is read.

    Raises:
        TransferlineError: As `list_files`.
    """
    digest = hashlib.sha256()
    for _, name, stamp in _found(path):
        digest.update(f"{len(name)}:{name}\0{stamp}\0".encode("utf-8", "surrogateescape"))
    return digest.hexdigest()


def _found(path: str) -> list[tuple[str, str, str]]:
    """The path of each file, its name relative to the data, and its stamp."""
    if not path:
        raise TransferlineError("No data is named: data.path is empty.", cure=EXPECTED)
    if not storage.exists(path):
        matched = storage.glob(path) if any(sign in path for sign in "*?[") else []
        if not matched:
            raise TransferlineError("There is no such file or folder.", place=printable(path), cure=EXPECTED)
        return [
            (file, os.path.basename(file), stamp)
            for file, stamp in zip(matched, storage.stamps_of(matched), strict=True)
        ]
    if not storage.is_folder(path):
        return [(path, os.path.basename(path), storage.stamp_of(path))]
    nodes = [node for node in storage.walk(path) if not node.is_folder and _holds_rows(node.name)]
    for node in nodes:
        if node.fault:
            raise TransferlineError(
                f"A file can't be read: {node.fault}.", place=printable(node.name), cure="Fix it, or move it elsewhere."
            )
    return sorted((storage.join(path, node.name), node.name, node.stamp) for node in nodes)


def _holds_rows(name: str) -> bool:
    known = (*CSV_ENDINGS, *GZIP_ENDINGS, *PARQUET_ENDINGS)
    return name.lower().endswith(known) and not any(is_hidden(part) for part in name.split("/"))


def _data_file(path: str, name: str, stamp: str) -> DataFile:
    lower = name.lower()
    kind = Kind.PARQUET if lower.endswith(PARQUET_ENDINGS) else Kind.GZIP if lower.endswith(".gz") else Kind.CSV
    # What is no file has no size, and would count as an empty one.
    if storage.is_local(path) and os.path.exists(path) and not os.path.isfile(path):
        raise TransferlineError(
            "The file can't be read: it isn't a regular file.", place=printable(path), cure="Write the rows to a file."
        )
    if stamp == storage.MISSING:
        raise TransferlineError("The file can't be read: it is gone.", place=printable(path), cure="Run again.")
    return DataFile(path, printable(name), kind, _split_of(name), storage.size_in(stamp))


def _split_of(name: str) -> str:
    """The split that a folder names, or the beginning of the file's name: train/a.csv, train.csv, train-01.csv."""
    *folders, file = name.split("/")
    for folder in folders:
        if split := split_of_name(folder):
            return split
    stem = file.lower()
    for ending in (*GZIP_ENDINGS, *CSV_ENDINGS, *PARQUET_ENDINGS):
        stem = stem.removesuffix(ending)
    for sign in "-_. ":
        stem = stem.split(sign)[0]
    return split_of_name(stem)
