"""Checks photos and encodes each as a tf.Example."""

import hashlib
import os
from collections import defaultdict
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import tensorflow as tf

from components import contract
from components.image_example_gen.config import ImageData
from components.image_example_gen.photos import Photo, RejectedPhotoError, read_photo
from components.image_example_gen.records import PhotoRecord, PhotoSource, RawPhoto, size_of
from components.image_example_gen.splits import SplitRule, hash_of
from components.ingest.report import Quarantined
from components.ingest.side_by_side import in_order
from components.ingest.strata import ClassHashes, Strata
from components.wording import printable

THREADS = os.cpu_count() or 1
"""Photos that one worker checks at once."""

BATCH, BATCH_BYTES = 8, 32 * 2**20
"""Photos that a thread gets at a time, and of large ones how many bytes make a batch: to hand over one alone would cost
a tenth of what the photo does."""


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


def read_source(
    source: PhotoSource, data: ImageData, rule: SplitRule, threads: ThreadPoolExecutor, strata: Strata | None = None
) -> Iterator[PhotoExample | Quarantined]:
    """Yields one item for every record of a source, in order: the example, or why there is none.

    Args:
        source: What to read.
        data: The bounds that photos are held to.
        rule: How photos are split.
        threads: Who checks and encodes photos, side by side: most of it is done outside of Python's lock.
        strata: The splits of the photos of rare classes, where the split is stratified.
    """
    for batch in in_order(
        threads,
        lambda some: [_checked(raw, data, rule, strata) for raw in some],
        _batches(source.read()),
        ahead=THREADS,
        size_of=lambda some: sum(map(size_of, some)),
    ):
        yield from batch


def _batches(raws: Iterator[RawPhoto | Quarantined]) -> Iterator[list[RawPhoto | Quarantined]]:
    """Yields `BATCH` photos at a time, but fewer of large ones."""
    batch: list[RawPhoto | Quarantined] = []
    held = 0
    for raw in raws:
        batch.append(raw)
        held += size_of(raw)
        if len(batch) == BATCH or held > BATCH_BYTES:
            yield batch
            batch, held = [], 0
    if batch:
        yield batch


def _checked(
    raw: RawPhoto | Quarantined, data: ImageData, rule: SplitRule, strata: Strata | None
) -> PhotoExample | Quarantined:
    if isinstance(raw, Quarantined):
        return raw
    place = printable(raw.target.name)
    try:
        photo = read_photo(raw.content, data.longest_side, data.max_pixels)
    except RejectedPhotoError as rejected:
        return Quarantined(place=place, reason=rejected.reason)
    split = rule.split_of(photo.sha256, raw.target.laid_out, raw.target.group, strata)
    return PhotoExample(split, raw.target.label, place, photo.sha256, make_example(photo, raw.target))


def class_hashes(source: PhotoSource) -> ClassHashes:
    """Returns by class what tells the photos of a source apart that may come into different splits."""
    hashes: defaultdict[str, list[int]] = defaultdict(list)
    for raw in source.read():
        if isinstance(raw, RawPhoto):
            sha256 = hashlib.sha256(raw.content).hexdigest()
            hashes[raw.target.label].append(hash_of(sha256, raw.target.group))
    return {name: np.array(each, np.uint64) for name, each in hashes.items()}


def make_example(photo: Photo, target: PhotoRecord) -> bytes:
    """Returns the serialized tf.Example of `components.contract`."""
    example = tf.train.Example()
    # Filled in place: making a message of each feature first takes twice the time.
    features = example.features.feature
    for name, text in (
        (contract.IMAGE, photo.content),
        (contract.LABEL, target.label.encode()),
        (contract.FORMAT, photo.format.encode()),
        (contract.PATH, target.name.encode("utf-8", "surrogateescape")),
        (contract.SHA256, photo.sha256.encode()),
        (contract.SIZE_BUCKET, photo.size_bucket.encode()),
        (contract.BRIGHTNESS_BUCKET, photo.brightness_bucket.encode()),
    ):
        features[name].bytes_list.value.append(text)
    features[contract.WIDTH].int64_list.value.append(photo.width)
    features[contract.HEIGHT].int64_list.value.append(photo.height)
    return bytes(example.SerializeToString(deterministic=True))
