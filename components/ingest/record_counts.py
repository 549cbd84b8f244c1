"""Says how many records each split has, for the jobs that read them to compare with what they have read.

ExampleGen has counted them when it compared what it found, wrote and stored, and leaves the numbers beside the splits.
They are a file, since a cluster may drop what is said of artifacts; to count all records again costs as much as a job.
"""

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import tensorflow as tf

from components.datasets import untuned
from components.errors import TransferlineError
from components.ingest import storage
from components.ingest.record_files import files_of_split

COUNTS_FILE = "records.json"
"""Beside the folders of the splits."""

READ_FILE = "read.json"
"""In a folder that a job writes into, until what it read was compared."""


@dataclass(frozen=True)
class Stored:
    """What there is of a split.

    Attributes:
        name: Of the split.
        files: That hold its records.
        records: How many they hold.
    """

    name: str
    files: tuple[str, ...]
    records: int


Read: TypeAlias = Mapping[str, int]
"""Records that were read, by the file that they were read from."""


def write_counts(written: Mapping[str, int], split_folders: Mapping[str, str]) -> None:
    """Leaves the numbers of records beside the splits.

    Args:
        written: Records by split.
        split_folders: The folder of each split.
    """
    (examples,) = {os.path.dirname(folder.rstrip("/")) for folder in split_folders.values()}
    counts = {_name(folder): written[split] for split, folder in split_folders.items()}
    with tf.io.gfile.GFile(os.path.join(examples, COUNTS_FILE), "w") as file:
        file.write(json.dumps(counts))


def records_of(folder: str) -> int:
    """Returns how many records a split has; those of TFX's ExampleGens, and of ours before 0.9, are counted.

    Args:
        folder: The split's.
    """
    path = os.path.join(os.path.dirname(folder.rstrip("/")), COUNTS_FILE)
    counts: dict[str, int] = {}
    if tf.io.gfile.exists(path):
        with tf.io.gfile.GFile(path) as file:
            counts = json.loads(file.read())
    known = counts.get(_name(folder))
    return count_records(folder) if known is None else known


def count_records(folder: str) -> int:
    """Returns how many records the TFRecord files of a split's folder hold."""
    records = untuned(tf.data.TFRecordDataset(files_of_split(folder), compression_type="GZIP"))
    return int(records.reduce(np.int64(0), lambda count, _: count + 1))


def stored(split: str, folders: Sequence[str]) -> Stored:
    """Returns what there is of a split.

    Args:
        split: Its name.
        folders: Its folders; there are several where there are several artifacts.

    Raises:
        TransferlineError: A folder doesn't hold each file of its records.
    """
    files = tuple(file for folder in folders for file in files_of_split(folder))
    return Stored(split, files, sum(map(records_of, folders)))


def write_read(read: Read, folder: str) -> None:
    """Has a worker leave what was read in the folder that it writes into."""
    with tf.io.gfile.GFile(os.path.join(folder, READ_FILE), "w") as file:
        file.write(json.dumps(dict(read)))


@contextmanager
def compared(splits: Mapping[str, Stored]) -> Iterator[None]:
    """Compares what a job has read when it is done with what it was to read, and leaves nothing where they differ.

    Args:
        splits: By the folder where `write_read` leaves what was read of them.

    Raises:
        TransferlineError: They differ.
    """
    for folder in splits:
        storage.remove(os.path.join(folder, READ_FILE))  # of an attempt before
    yield
    try:
        for folder, split in splits.items():
            _compare(_taken(folder), split, folder)
    except TransferlineError:
        for folder in splits:
            storage.remove_tree(folder)
        raise


def _taken(folder: str) -> Read:
    """Reads what was read, which nobody needs any more; nothing where the engine lost that."""
    path = os.path.join(folder, READ_FILE)
    if not tf.io.gfile.exists(path):
        return {}
    with tf.io.gfile.GFile(path) as file:
        read: dict[str, int] = json.loads(file.read())
    storage.remove(path)
    return read


def _compare(read: Read, split: Stored, folder: str) -> None:
    if (found := sum(read.values())) != split.records:
        raise lost(f"{split.name} has {split.records} records, {found} were read", folder)
    if set(read) != set(split.files):
        there = len(set(read) & set(split.files))
        raise lost(f"{split.name} has {len(split.files)} files, {there} of them were read", folder)


def lost(counts: str, place: str) -> TransferlineError:
    """Returns the error that says that counts don't add up.

    Args:
        counts: The counts.
        place: Where.
    """
    return TransferlineError(
        f"Records were lost or doubled on the way: {counts}.",
        place=place,
        cure="Run again; if it comes back, name another engine in the setting beam.engine.",
    )


def _name(folder: str) -> str:
    return os.path.basename(folder.rstrip("/"))
