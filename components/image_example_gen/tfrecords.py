"""Reads photos from existing TFRecords of tf.Example.

TensorFlow is imported where a record is read: whoever looks for photos elsewhere needn't wait for it.
"""
# ruff: noqa: PLC0415 - see above.

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING
from warnings import catch_warnings, filterwarnings

from google.protobuf.message import DecodeError

from components.image_example_gen.config import ArchiveBounds, ExampleFeatures
from components.image_example_gen.names import class_fault, class_name
from components.image_example_gen.records import MAX_FILE_BYTES, Listing, PhotoRecord, PhotoSource, RawPhoto
from components.image_example_gen.tfrecord_frames import records_of
from components.image_example_gen.tfrecord_names import split_of_file, tfrecord_names, top_of
from components.ingest import storage
from components.ingest.report import Quarantined
from components.wording import printable

if TYPE_CHECKING:
    import tensorflow as tf

_NO_FEATURES = b"\x0a\x00"
"""A tf.Example's first field with nothing in it; messages one after the other are one, merged."""


@dataclass(frozen=True)
class TFRecordFile:
    """A `PhotoSource` of the examples in one TFRecord file.

    Attributes:
        path: Where to read it.
        name: Its path relative to the data.
        laid_out: The split that its name names; empty if it names none.
        features: Where the examples keep photo and class.
        bounds: On what a gzipped file unpacks to.
        aliases: Class name by the label in the examples.
        group: The feature with an example's group; "" for none.
    """

    path: str
    name: str
    laid_out: str
    features: ExampleFeatures
    bounds: ArchiveBounds
    aliases: tuple[tuple[str, str], ...] = ()
    group: str = ""

    def read(self) -> Iterator[RawPhoto | Quarantined]:
        """Yields the photo of each example, or why it has none."""
        for number, record in enumerate(records_of(self.path, self.bounds), start=1):
            place = f"{self.name}, record {number}"
            if record is None:
                too_large = f"the record is larger than {MAX_FILE_BYTES // 2**20} MiB"
                yield Quarantined(place=printable(place), reason=too_large)
            else:
                yield self._photo(place, record)

    def _photo(self, place: str, record: bytes) -> RawPhoto | Quarantined:
        features = _features_of(record)
        if features is None:
            return Quarantined(place=printable(place), reason="the record is no tf.Example")
        images = features[self.features.image].bytes_list.value
        if len(images) != 1:
            reason = f"the feature '{self.features.image}' holds {len(images)} bytes values, not 1"
            return Quarantined(place=printable(place), reason=reason)
        label, reason = self._label(features[self.features.label])
        if reason:
            return Quarantined(place=printable(place), reason=reason)
        groups = (
            [*features[self.group].bytes_list.value, *features[self.group].int64_list.value] if self.group else [""]
        )
        if len(groups) != 1:
            reason = f"the feature '{self.group}', which data.split.group names, holds {len(groups)} values, not 1"
            return Quarantined(place=printable(place), reason=reason)
        return RawPhoto(PhotoRecord(place, label, self.laid_out, _text(groups[0])), images[0])

    def _label(self, feature: tf.train.Feature) -> tuple[str, str]:
        """Returns the class name, or "" and why there is none."""
        name, classes = self.features.label, self.features.class_names
        if not classes:
            if len(feature.bytes_list.value) == 1:
                label = feature.bytes_list.value[0].decode("utf-8", "surrogateescape")
                label = class_name(label, dict(self.aliases))
                fault = class_fault(label)
                return ("", f"the feature '{name}' {fault}") if fault else (label, "")
            if feature.int64_list.value:
                return "", f"the feature '{name}' is an index; data.features.class_names must tell the classes"
            return "", f"the feature '{name}' holds {len(feature.bytes_list.value)} bytes values, not 1"
        if len(feature.int64_list.value) != 1:
            return "", f"the feature '{name}' holds {len(feature.int64_list.value)} int64 values, not 1"
        index = feature.int64_list.value[0]
        if not 0 <= index < len(classes):
            return "", f"the feature '{name}' is {index}, and there are {len(classes)} class_names"
        return class_name(classes[index], dict(self.aliases)), ""


def _features_of(record: bytes) -> Mapping[str, tf.train.Feature] | None:
    """The features of a tf.Example; None if the record is none."""
    import tensorflow as tf

    example = tf.train.Example()
    try:
        with catch_warnings():
            # Where a group ends that never began, protobuf before 4 stops, and only warns. It says how far it read,
            # with that end: what comes after the record, and changes nothing, tells whether it was read to its own end.
            filterwarnings("ignore", "Unexpected end-group tag", RuntimeWarning)
            read = example.MergeFromString(record + _NO_FEATURES)
    except DecodeError:
        return None
    features: Mapping[str, tf.train.Feature] = example.features.feature
    return features if read == len(record) + len(_NO_FEATURES) else None


def list_tfrecords(
    path: str, features: ExampleFeatures, aliases: dict[str, str], bounds: ArchiveBounds, group: str = ""
) -> Listing:
    """Finds and counts the examples in a folder, or under a glob pattern, of TFRecord files.

    Raises:
        TransferlineError: A file is truncated or damaged, or unpacks to more than it may; each is read to its end.
    """
    sources: list[PhotoSource] = []
    quarantined: list[Quarantined] = []
    laid_out: set[str] = set()
    found, top = 0, top_of(path)
    for name, fault in tfrecord_names(path):
        file = storage.join(top, name)
        if fault:
            quarantined.append(Quarantined(place=printable(name), reason=fault))
            continue
        split = split_of_file(name)
        found += sum(1 for _ in records_of(file, bounds))
        laid_out.add(split)
        sources.append(TFRecordFile(file, name, split, features, bounds, tuple(aliases.items()), group))
    return Listing(tuple(sources), tuple(quarantined), found + len(quarantined), frozenset(laid_out - {""}))


def _text(group: bytes | int | str) -> str:
    return group.decode("utf-8", "surrogateescape") if isinstance(group, bytes) else str(group)
