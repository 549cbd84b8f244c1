"""Finds the files that hold the rows."""

import hashlib
import os
from collections.abc import Sequence
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
NOTE_ENDINGS = (".txt", ".txt.gz")
"""What may be rows, and beside files of rows is a note about them."""


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


@dataclass(frozen=True)
class Listing:
    """What is in a folder of rows, in the order of the names.

    Attributes:
        files: The files of rows.
        passed_over: The names of the others; hidden ones, which no one meant as data, aren't among them.
    """

    files: tuple[DataFile, ...]
    passed_over: tuple[str, ...] = ()


def list_files(path: str) -> list[DataFile]:
    """Returns the files of rows; see `look_for_files`."""
    return list(look_for_files(path).files)


def look_for_files(path: str) -> Listing:
    """Returns the files of rows, and those beside them that aren't.

    Raises:
        TransferlineError: There is none, or a folder can't be read.
    """
    found, passed_over = _found(path)
    if not found:
        raise TransferlineError("There are no files of rows.", place=printable(path), cure=EXPECTED)
    return Listing(tuple(_data_file(*each) for each in found), tuple(map(printable, passed_over)))


def fingerprint(path: str) -> str:
    """Returns a digest of the files' names, sizes and times of change, or checksums on gs://; no file is read.

    Raises:
        TransferlineError: As `list_files`.
    """
    digest = hashlib.sha256()
    found, _ = _found(path)
    for _, name, stamp in found:
        digest.update(f"{len(name)}:{name}\0{stamp}\0".encode("utf-8", "surrogateescape"))
    return digest.hexdigest()


def _found(path: str) -> tuple[list[tuple[str, str, str]], list[str]]:
    """The path of each file, its name relative to the data, and its stamp; and the names of those that are no data."""
    if not path:
        raise TransferlineError("No data is named: data.path is empty.", cure=EXPECTED)
    if not storage.exists(path):
        matched = storage.glob(path) if any(sign in path for sign in "*?[") else []
        if not matched:
            raise TransferlineError("There is no such file or folder.", place=printable(path), cure=EXPECTED)
        return [
            (file, os.path.basename(file), stamp)
            for file, stamp in zip(matched, storage.stamps_of(matched), strict=True)
        ], []
    if not storage.is_folder(path):
        return [(path, os.path.basename(path), storage.stamp_of(path))], []
    inside = [node for node in storage.walk(path) if not node.is_folder and not _is_hidden(node.name)]
    names = _names_of_rows([node.name for node in inside])
    nodes = [node for node in inside if node.name in names]
    for node in nodes:
        if node.fault:
            raise TransferlineError(
                f"A file can't be read: {node.fault}.", place=printable(node.name), cure="Fix it, or move it elsewhere."
            )
    found = sorted((storage.join(path, node.name), node.name, node.stamp) for node in nodes)
    return found, sorted(node.name for node in inside if node.name not in names)


def _is_hidden(name: str) -> bool:
    return any(is_hidden(part) for part in name.split("/"))


def _names_of_rows(names: Sequence[str]) -> frozenset[str]:
    """The names that files of rows have; beside others, a .txt is a note."""
    known = (*CSV_ENDINGS, *GZIP_ENDINGS, *PARQUET_ENDINGS)
    rows = [name for name in names if name.lower().endswith(known)]
    without_notes = [name for name in rows if not name.lower().endswith(NOTE_ENDINGS)]
    return frozenset(without_notes or rows)


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
