"""Writes the records of a split into TFRecord files of a bounded size, under names that nobody reads yet.

Who writes may be one of many, may be started twice for the same photos, or may be lost half way. So only the files that
it told of get the names of shards, once all is done, and what else is in the folder is removed.
"""

import os
import uuid
from collections.abc import Collection, Mapping, Sequence

import tensorflow as tf

from components.contract import SHA256
from components.datasets import untuned
from components.ingest.record_counts import lost
from components.ingest.record_files import RECORDS_SUFFIX, remove_all, shard_name
from components.ingest.side_by_side import side_by_side
from components.settings import Settings

UNFINISHED = "unfinished"
FRAME_BYTES = 16
"""Of a record's length and of two checksums; see tensorflow/core/lib/io/record_writer.h."""

STORED = tf.io.TFRecordOptions(compression_type="GZIP", compression_level=0)
"""Gzip that doesn't compress: photos are compressed already, and whoever reads them has nothing to inflate."""


class Shard(Settings):
    """A file that was written to its end.

    Attributes:
        split: The split whose records it has.
        name: Of the file, in the split's folder.
        records: How many it has.
        size: Its bytes.
    """

    split: str
    name: str
    records: int
    size: int


class ShardWriter:
    """Writes the records of a split into one file after the other.

    Args:
        split: The split.
        folder: Its folder.
        shard_bytes: Bound on the bytes of the records in a file; one that has more gets a file of its own.
    """

    def __init__(self, split: str, folder: str, shard_bytes: int) -> None:
        self._split, self._folder, self._shard_bytes = split, folder, shard_bytes
        self._prefix = f"{UNFINISHED}-{uuid.uuid4().hex}"
        self._writer: tf.io.TFRecordWriter | None = None
        self._done: list[Shard] = []
        self._records = self._bytes = 0

    def write(self, record: bytes) -> str:
        """Writes a record; returns the name of the file that it went into."""
        size = len(record) + FRAME_BYTES
        if self._writer and self._bytes + size > self._shard_bytes:
            self._end_file(self._writer)
        if not self._writer:
            tf.io.gfile.makedirs(self._folder)
            self._writer = tf.io.TFRecordWriter(os.path.join(self._folder, self._name), STORED)
        self._writer.write(record)
        self._records += 1
        self._bytes += size
        return self._name

    def close(self) -> list[Shard]:
        """Ends the last file; returns all of them."""
        if self._writer:
            self._end_file(self._writer)
        return self._done

    @property
    def _name(self) -> str:
        return f"{self._prefix}-{len(self._done):05d}{RECORDS_SUFFIX}"

    def _end_file(self, writer: tf.io.TFRecordWriter) -> None:
        writer.close()
        size = tf.io.gfile.stat(os.path.join(self._folder, self._name)).length
        self._done.append(Shard(split=self._split, name=self._name, records=self._records, size=size))
        self._writer, self._records, self._bytes = None, 0, 0


def finish_shards(shards: Sequence[Shard], folders: Mapping[str, str]) -> None:
    """Gives the files of each split the names of shards, and removes what else is in their folders.

    A split without records gets a file without any.

    Args:
        shards: All that was written.
        folders: The folder of each split.

    Raises:
        TransferlineError: A file isn't there, or isn't as it was written.
    """
    for split, folder in folders.items():
        written = sorted((shard for shard in shards if shard.split == split), key=lambda shard: shard.name)
        finals = [shard_name(number, len(written)) for number in range(len(written))]
        for shard in written:
            _check_size(shard, folder)
        _rename(folder, dict(zip((shard.name for shard in written), finals, strict=True)))
        if not written:
            finals = [shard_name(0, 1)]
            tf.io.gfile.makedirs(folder)
            tf.io.TFRecordWriter(os.path.join(folder, finals[0]), STORED).close()
        remove_all([folder], but=finals)


def without(
    shards: Sequence[Shard], folders: Mapping[str, str], taken_out: Mapping[str, Collection[str]], shard_bytes: int
) -> list[Shard]:
    """Takes photos out of files again; only the files that have some are read.

    Args:
        shards: All that was written.
        folders: The folder of each split.
        taken_out: The SHA-256 of the photos' bytes, as hex digits, by the name of the file that has them.
        shard_bytes: As `ShardWriter` takes it.

    Returns:
        All files there are then; those that were read are left for `finish_shards` to remove.
    """

    def rest_of(shard: Shard) -> list[Shard]:
        gone = taken_out.get(shard.name)
        if not gone:
            return [shard]
        writer = ShardWriter(shard.split, folders[shard.split], shard_bytes)
        path = os.path.join(folders[shard.split], shard.name)
        for record in untuned(tf.data.TFRecordDataset(path, compression_type="GZIP")).as_numpy_iterator():
            if _sha256_of(record) not in gone:
                writer.write(record)
        return writer.close()

    return [shard for rest in side_by_side(rest_of, shards) for shard in rest]


def _sha256_of(record: bytes) -> str:
    features = tf.train.Example.FromString(record).features.feature
    return str(features[SHA256].bytes_list.value[0].decode())


def _check_size(shard: Shard, folder: str) -> None:
    """Finds a file that was lost, or that two have written to, without reading it."""
    path = os.path.join(folder, shard.name)
    stored = tf.io.gfile.stat(path).length if tf.io.gfile.exists(path) else 0
    if stored != shard.size:
        raise lost(f"{shard.size:,} bytes were written, {stored:,} are stored", path)


def _rename(folder: str, names: Mapping[str, str]) -> None:
    """Gives files other names, side by side: on gs:// that copies them, which is waited for."""

    def rename(pair: tuple[str, str]) -> None:
        before, after = (os.path.join(folder, name) for name in pair)
        tf.io.gfile.rename(before, after, overwrite=True)

    for _ in side_by_side(rename, names.items()):
        pass
