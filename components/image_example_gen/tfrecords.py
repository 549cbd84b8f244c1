"""Photos in existing TFRecords of tf.Example.

TensorFlow is imported where a record is read: whoever looks for photos elsewhere needn't wait for it.
"""
# ruff: noqa: PLC0415 - see above.

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from google.protobuf.message import DecodeError

from components.errors import TransferlineError
from components.image_example_gen.config import ExampleFeatures
from components.image_example_gen.names import TFRECORD_NAME, class_name
from components.image_example_gen.records import Listing, Raw, Source, Target
from components.ingest import storage
from components.ingest.file_names import HIDDEN, SPLIT_NAMES, is_hidden, shown
from components.ingest_report import Quarantined

if TYPE_CHECKING:
    import tensorflow as tf

_GZIP_MAGIC = b"\x1f\x8b"
_SPLIT_WORD = re.compile(rf"(?<![a-z])({'|'.join(sorted(SPLIT_NAMES, key=len, reverse=True))})(?![a-z])", re.IGNORECASE)


@dataclass(frozen=True)
class TFRecordFile:
    """A `Source` of the examples in one TFRecord file.

    Attributes:
        path: Where to read it.
        name: Its path relative to the data.
        laid_out: The split that its name names; empty if it names none.
        features: Where the examples keep photo and class.
        aliases: Class name by the label in the examples.
    """

    path: str
    name: str
    laid_out: str
    features: ExampleFeatures
    aliases: tuple[tuple[str, str], ...] = ()

    def read(self) -> Iterator[Raw | Quarantined]:
        """Yields the photo of each example, or why it has none."""
        for number, record in enumerate(_records(self.path), start=1):
            yield self._photo(f"{self.name}, record {number}", record)

    def _photo(self, place: str, record: bytes) -> Raw | Quarantined:
        import tensorflow as tf

        try:
            features = tf.train.Example.FromString(record).features.feature
        except DecodeError:
            return Quarantined(place=shown(place), reason="the record is no tf.Example")
        images = features[self.features.image].bytes_list.value
        if len(images) != 1:
            reason = f"the feature '{self.features.image}' holds {len(images)} bytes values, not 1"
            return Quarantined(place=shown(place), reason=reason)
        label, reason = self._label(features[self.features.label])
        if reason:
            return Quarantined(place=shown(place), reason=reason)
        return Raw(Target(place, label, self.laid_out), images[0])

    def _label(self, feature: tf.train.Feature) -> tuple[str, str]:
        """Returns the class name, or "" and why there is none."""
        name, classes = self.features.label, self.features.class_names
        if not classes:
            if len(feature.bytes_list.value) == 1:
                label = feature.bytes_list.value[0].decode("utf-8", "surrogateescape")
                label = class_name(label, dict(self.aliases))
                return label, "" if label else f"the feature '{name}' is blank"
            if feature.int64_list.value:
                return "", f"the feature '{name}' is an index; data.features.class_names must tell the classes"
            return "", f"the feature '{name}' holds {len(feature.bytes_list.value)} bytes values, not 1"
        if len(feature.int64_list.value) != 1:
            return "", f"the feature '{name}' holds {len(feature.int64_list.value)} int64 values, not 1"
        index = feature.int64_list.value[0]
        if not 0 <= index < len(classes):
            return "", f"the feature '{name}' is {index}, and there are {len(classes)} class_names"
        return class_name(classes[index], dict(self.aliases)), ""


def list_tfrecords(path: str, features: ExampleFeatures, aliases: dict[str, str]) -> Listing:
    """Finds and counts the examples in a folder, or under a glob pattern, of TFRecord files.

    Raises:
        TransferlineError: A file is truncated or damaged; each is read to its end to know.
    """
    sources: list[Source] = []
    quarantined: list[Quarantined] = []
    laid_out: set[str] = set()
    found = 0
    for name, fault in tfrecord_names(path):
        file = storage.join(top_of(path), name)
        if fault:
            quarantined.append(Quarantined(place=shown(name), reason=fault))
            continue
        split = split_of_file(name)
        found += sum(1 for _ in _records(file))
        laid_out.add(split)
        sources.append(TFRecordFile(file, name, split, features, tuple(aliases.items())))
    return Listing(tuple(sources), tuple(quarantined), found + len(quarantined), frozenset(laid_out - {""}))


def top_of(path: str) -> str:
    """Returns the folder that names of TFRecord files are relative to."""
    return path if storage.is_folder(path) else os.path.dirname(path)


def tfrecord_names(path: str) -> list[tuple[str, str]]:
    """Returns each file's name and why it can't be used: all below a folder, or those a pattern matches."""
    if not storage.is_folder(path):
        top = top_of(path)
        files = storage.glob(path) if not storage.exists(path) else [path]
        return [(os.path.relpath(file, top) if storage.is_local(file) else file, "") for file in files]
    nodes = [node for node in storage.walk(path) if not node.is_folder]
    return [(node.name, node.fault or _name_fault(node.name)) for node in nodes]


def _name_fault(name: str) -> str:
    if any(is_hidden(part) for part in name.split("/")):
        return f"{HIDDEN}: it is no TFRecord"
    return "" if TFRECORD_NAME.search(name) else "it isn't named like a TFRecord"


def split_of_file(name: str) -> str:
    """Returns the split that a file's name, else the folder it lies in, names; "" if they name none.

    >>> split_of_file("Split-eval/data_tfrecord-00000-of-00001.gz")
    'eval'
    """
    for part in reversed(name.split("/")[-2:]):
        words = _SPLIT_WORD.findall(part)
        if words:
            return SPLIT_NAMES[words[0].lower()]
    return ""


def _records(path: str) -> Iterator[bytes]:
    import tensorflow as tf

    try:
        with storage.open_file(path) as file:
            compression = "GZIP" if file.read(2) == _GZIP_MAGIC else ""
        for record in tf.data.TFRecordDataset(path, compression_type=compression):
            yield record.numpy()
    except (tf.errors.OpError, OSError) as error:
        message = getattr(error, "message", str(error))
        raise TransferlineError(
            f"The TFRecord file is truncated or damaged: {message.splitlines()[0]}. Nothing of it was taken.",
            place=shown(path),
            cure="Write it again, or take it out of the data.",
        ) from error
