"""TFRecords that are damaged or made up: each record is a photo or is quarantined, or the file is refused."""

import gzip
import struct
from pathlib import Path
from random import Random

import google_crc32c
import tensorflow as tf
from photo_ingest import taken

from torture.data import EXTREMES, spoiled_photo
from torture.mutation import HOSTILE_TEXTS, spoiled_bytes
from torture.part import Part

LAYOUTS = (
    ("photos.tfrecord",),
    ("a-00000-of-00002.gz", "a-00001-of-00002.gz"),
    ("train.tfrecord", "val.tfrec"),
    ("val.tfrec",),
)


def run(random: Random, folder: Path) -> str:
    """Writes files of records, spoils records or a file, and takes them in."""
    names = random.choices(LAYOUTS, (6, 6, 6, 1))[0]
    for name in names:
        (folder / name).write_bytes(_file(random))
    found = taken(folder, features={"class_names": random.choice(((), ("cat", "dog")))})
    return "quarantined" if found.quarantined else "taken"


def _file(random: Random) -> bytes:
    content = b"".join(
        _framed(random, _record(random)) for _ in range(random.choices(range(7), (1, 4, 4, 4, 4, 4, 4))[0])
    )
    if random.random() < 0.1:
        content = spoiled_bytes(random, content)
    if random.random() < 0.5:
        content = gzip.compress(content, compresslevel=1)
        if random.random() < 0.2:
            content = spoiled_bytes(random, content)
    return content


def _record(random: Random) -> bytes:
    label = random.choice((b"cat", "dog", 0, 1, -1, 2**40, None, *HOSTILE_TEXTS))
    feature = {"image": tf.train.Feature(bytes_list=tf.train.BytesList(value=[spoiled_photo(random)]))}
    if isinstance(label, int):
        feature["label"] = tf.train.Feature(int64_list=tf.train.Int64List(value=[label]))
    elif label is not None:
        text = label.encode("utf-8", "surrogatepass") if isinstance(label, str) else label
        feature["label"] = tf.train.Feature(bytes_list=tf.train.BytesList(value=[text] * random.choice((1, 1, 1, 2))))
    record = tf.train.Example(features=tf.train.Features(feature=feature)).SerializeToString()
    return spoiled_bytes(random, record) if random.random() < 0.3 else record


def _framed(random: Random, record: bytes) -> bytes:
    """A record in its frame, which may tell an extreme length, with a sound checksum of it."""
    length = struct.pack("<Q", random.choice((*EXTREMES, 2**63)) if random.random() < 0.01 else len(record))
    return length + _masked(length) + record + _masked(record)


def _masked(content: bytes) -> bytes:
    crc = google_crc32c.value(content)
    return struct.pack("<I", ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF)


PART = Part(name="tfrecords", cases=20_000, run=run)
