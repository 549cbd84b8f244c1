"""Encodes a photo as a tf.Example."""

from collections.abc import Iterator
from dataclasses import dataclass

import tensorflow as tf

from components import contract
from components.image_example_gen.config import ImageData
from components.image_example_gen.photos import Photo, RejectedPhotoError, read_photo
from components.image_example_gen.records import PhotoRecord, PhotoSource
from components.image_example_gen.splits import SplitRule
from components.ingest.report import Quarantined
from components.wording import printable


@dataclass(frozen=True)
class PhotoExample:
    """One record as it goes into a split.

    Attributes:
        split: "train", "eval" or "test".
        label: The class name.
        place: The photo's name relative to the data, as valid text.
        sha256: Hex digest of the photo's bytes as they came.
        example: The serialized tf.Example.
    """

    split: str
    label: str
    place: str
    sha256: str
    example: bytes


def read_source(source: PhotoSource, data: ImageData, rule: SplitRule) -> Iterator[PhotoExample | Quarantined]:
    """Yields one item for every record of a source: the example, or why there is none.

    Args:
        source: What to read.
        data: The bounds that photos are held to.
        rule: How photos are split.
    """
    for raw in source.read():
        if isinstance(raw, Quarantined):
            yield raw
            continue
        place = printable(raw.target.name)
        try:
            photo = read_photo(raw.content, data.longest_side, data.max_pixels)
        except RejectedPhotoError as rejected:
            yield Quarantined(place=place, reason=rejected.reason)
            continue
        split = rule.split_of(photo.sha256, raw.target.laid_out)
        yield PhotoExample(split, raw.target.label, place, photo.sha256, make_example(photo, raw.target))


def make_example(photo: Photo, target: PhotoRecord) -> bytes:
    """Returns the serialized tf.Example of `components.contract`."""
    features = {
        contract.IMAGE: _bytes(photo.content),
        contract.LABEL: _bytes(target.label.encode()),
        contract.WIDTH: _int64(photo.width),
        contract.HEIGHT: _int64(photo.height),
        contract.FORMAT: _bytes(photo.format.encode()),
        contract.PATH: _bytes(target.name.encode("utf-8", "surrogateescape")),
        contract.SHA256: _bytes(photo.sha256.encode()),
        contract.SIZE_BUCKET: _bytes(photo.size_bucket.encode()),
        contract.BRIGHTNESS_BUCKET: _bytes(photo.brightness_bucket.encode()),
    }
    return bytes(tf.train.Example(features=tf.train.Features(feature=features)).SerializeToString(deterministic=True))


def _bytes(value: bytes) -> tf.train.Feature:
    return tf.train.Feature(bytes_list=tf.train.BytesList(value=[value]))


def _int64(value: int) -> tf.train.Feature:
    return tf.train.Feature(int64_list=tf.train.Int64List(value=[value]))
