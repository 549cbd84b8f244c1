"""Prepares examples for display: photos as small pictures, rows as text."""

import base64
import io
from collections.abc import Iterable, Iterator, Sequence

import tensorflow as tf
from PIL import Image, ImageOps

from components.contract import IMAGE, LABEL, PATH, PLACE
from components.datasets import untuned
from components.report.review import Sample
from components.wording import natural_key

PICTURE_PIXELS = 160
PICTURE_QUALITY = 80
SAMPLES_PER_CLASS = 6
LOOKED_AT = 2_000
"""Training examples among which samples are looked for: a class that starts later has none."""


def sample_of(record: bytes) -> Sample:
    """Returns a serialized tf.Example as something to look at."""
    features = tf.train.Example.FromString(record).features.feature
    label = _text(features[LABEL]) if LABEL in features else ""
    if IMAGE in features:
        place = _text(features[PATH]) if PATH in features else ""
        return Sample(label=label, place=place, picture=picture(features[IMAGE].bytes_list.value[0]))
    names = sorted(set(features) - {LABEL, PLACE}, key=natural_key)
    place = _text(features[PLACE]) if PLACE in features else ""
    return Sample(label=label, place=place, columns={name: _text(features[name]) for name in names})


def data_uri(jpeg: bytes) -> str:
    """Returns a JPEG as text that a page can hold."""
    return "data:image/jpeg;base64," + base64.b64encode(jpeg).decode()


def picture(encoded: bytes) -> str:
    """Returns an encoded photo as a data URI of a small JPEG, upright."""
    small = io.BytesIO()
    with Image.open(io.BytesIO(encoded)) as photo:
        photo.draft("RGB", (PICTURE_PIXELS, PICTURE_PIXELS))
        upright = ImageOps.exif_transpose(photo).convert("RGB")
        upright.thumbnail((PICTURE_PIXELS, PICTURE_PIXELS))
        upright.save(small, "JPEG", quality=PICTURE_QUALITY)
    return data_uri(small.getvalue())


def samples_by_class(files: Sequence[str]) -> dict[str, tuple[Sample, ...]]:
    """Returns the first few examples of each class, or under "" of all, where the label is a number to predict.

    Args:
        files: Gzipped TFRecord files.
    """
    found: dict[str, list[bytes]] = {}
    for record in _records(files).take(LOOKED_AT).as_numpy_iterator():
        features = tf.train.Example.FromString(record).features.feature
        of_class = found.setdefault(_class_of(features[LABEL]), [])
        if len(of_class) < SAMPLES_PER_CLASS:
            of_class.append(record)
    return {label: tuple(map(sample_of, records)) for label, records in sorted(found.items())}


def batches_of(files: Sequence[str], size: int, at_most: int) -> Iterator[list[bytes]]:
    """Yields serialized tf.Examples of gzipped TFRecord files."""
    for batch in _records(files).take(at_most).batch(size).as_numpy_iterator():
        yield list(batch)


def _records(files: Iterable[str]) -> tf.data.Dataset:
    return untuned(tf.data.TFRecordDataset(list(files), compression_type="GZIP"))


def _class_of(label: tf.train.Feature) -> str:
    return _text(label) if label.WhichOneof("kind") == "bytes_list" else ""


def _text(feature: tf.train.Feature) -> str:
    kind = feature.WhichOneof("kind")
    values = getattr(feature, kind).value if kind else ()
    if kind == "bytes_list":
        return ", ".join(value.decode(errors="replace") for value in values)
    return ", ".join(f"{value:g}" if isinstance(value, float) else str(value) for value in values)
