"""Tells the files of records in a split's folder from what else lies there.

A worker that was killed leaves temporary folders and half files, a desktop leaves files of its own, and none of them
holds a record that belongs to the split. What does has the name of a shard, as Beam's `FileBasedSink` gives it, and so
do TFX's ExampleGens and ours. The name tells how many shards there are: where one isn't there, records are missing.
"""

import os
import re
from collections import defaultdict
from collections.abc import Collection, Container, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress

from components.errors import TransferlineError
from components.ingest import storage
from components.wording import listed

RECORDS_PREFIX = "data_tfrecord"
RECORDS_SUFFIX = ".gz"
SHARD = re.compile(rf"{RECORDS_PREFIX}-(\d{{5,}})-of-(\d{{5,}}){re.escape(RECORDS_SUFFIX)}")
TEMPORARY = "beam-temp-"
"""What the names of the folders begin with in which Beam's workers write files before it gives them their names."""

ALL = "*"
"""TFX hands on the files of a split as FOLDER/*."""

CURE = "Remove the folder that this one is in: the next run reads the data again."


def shard_name(number: int, of: int) -> str:
    """Returns the name of a shard.

    Args:
        number: From 0 on.
        of: How many there are.
    """
    return f"{RECORDS_PREFIX}-{number:05d}-of-{of:05d}{RECORDS_SUFFIX}"


def record_files(patterns: Iterable[str]) -> list[str]:
    """Returns the files that hold the records of splits, sorted.

    Args:
        patterns: Folders of splits, as TFX hands them on: FOLDER/*. What is no such pattern names files itself.

    Raises:
        TransferlineError: A folder doesn't hold each shard of its records, or those of two writings.
    """
    return sorted(file for pattern in patterns for file in _files(pattern))


def files_of_split(folder: str) -> list[str]:
    """Returns the files that hold the records of a split, sorted.

    Args:
        folder: The split's.

    Raises:
        TransferlineError: As `record_files`.
    """
    shards: dict[int, dict[int, str]] = defaultdict(dict)
    for name in storage.names_in(folder):
        if match := SHARD.fullmatch(name):
            number, of = map(int, match.groups())
            if number < of:
                shards[of][number] = name
    if not shards:
        raise TransferlineError("There are no files of records.", place=folder, cure=CURE)
    if len(shards) > 1:
        firsts = [min(names.values()) for _, names in sorted(shards.items())]
        cause = f"Files of several writings lie side by side: {listed(firsts)}."
        raise TransferlineError(cause, place=folder, cure=CURE)
    ((of, names),) = shards.items()
    if missing := [shard_name(number, of) for number in range(of) if number not in names]:
        raise TransferlineError(f"Files of records are missing: {listed(missing)}.", place=folder, cure=CURE)
    return [os.path.join(folder, names[number]) for number in sorted(names)]


def remove_all(folders: Iterable[str], but: Container[str] = ()) -> None:
    """Removes what lies in folders of splits, such as what an attempt before has left.

    Args:
        folders: Those of the splits.
        but: Names of what stays.
    """
    for folder in folders:
        for name in storage.names_in(folder):
            if name not in but:
                storage.remove_tree(os.path.join(folder, name))


@contextmanager
def without_leftovers(folders: Collection[str]) -> Iterator[None]:
    """Has a Beam job write into folders of splits that hold nothing else, neither before nor after it.

    Workers that end before their time leave what they were writing, also where others did their work again.

    Args:
        folders: Those of the splits.
    """
    remove_all(folders)
    try:
        yield
    finally:
        with suppress(OSError, TransferlineError):  # nobody reads them, and a run removes them as it begins
            _remove_leftovers(folders)


def _remove_leftovers(folders: Collection[str]) -> None:
    for folder in folders:
        remove_all([folder], but=set(filter(SHARD.fullmatch, storage.names_in(folder))))


def _files(pattern: str) -> Sequence[str]:
    folder, name = os.path.split(pattern)
    if name == ALL:
        return files_of_split(folder)
    files = storage.glob(pattern)
    if not files:
        raise TransferlineError("There are no files of records.", place=pattern, cure=CURE)
    return files
