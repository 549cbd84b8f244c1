"""Tiny photos and a way to take them in without Beam."""

import io
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import pytest
import tensorflow as tf
from PIL import Image

from components.image_example_gen.config import ImageData
from components.image_example_gen.examples import PhotoExample, read_source
from components.image_example_gen.listing import list_photos
from components.image_example_gen.splits import make_rule
from components.ingest.report import Quarantined


def _encode(color=(200, 30, 30), size=(8, 6), format="JPEG", mode="RGB", **options):
    buffer = io.BytesIO()
    Image.new(mode, size, color).save(buffer, format, **options)
    return buffer.getvalue()


@pytest.fixture(scope="session")
def encode():
    """Returns the bytes of a photo of one color."""
    return _encode


@pytest.fixture(scope="session")
def fill():
    """Writes photos, each of another color, into a folder; another salt gives other photos."""

    def write(folder, count, salt=0):
        folder.mkdir(parents=True, exist_ok=True)
        for index in range(count):
            color = (index * 7 % 256, salt * 11 % 256, (index // 36) * 5 % 256)
            (folder / f"{index:03d}.jpg").write_bytes(_encode(color))

    return write


@dataclass(frozen=True)
class Taken:
    """What became of some data."""

    found: int
    written: list[PhotoExample]
    quarantined: dict[str, str]

    def counts(self):
        return Counter((item.split, item.label) for item in self.written)

    def labels(self):
        return Counter(item.label for item in self.written)

    def examples(self):
        return [tf.train.Example.FromString(item.example) for item in self.written]


@pytest.fixture(scope="session")
def take():
    """Lists and reads the data at a path, with settings of ImageData, and checks that nothing is lost."""

    def run(path, **settings):
        data = ImageData(path=str(path), **settings)
        listing = list_photos(data)
        rule = make_rule(data.split, listing.laid_out, data.path)
        with ThreadPoolExecutor(2) as threads:
            items = [item for source in listing.sources for item in read_source(source, data, rule, threads)]
        written = [item for item in items if isinstance(item, PhotoExample)]
        quarantined = [*listing.quarantined, *(item for item in items if isinstance(item, Quarantined))]
        assert listing.found == len(written) + len(quarantined)
        return Taken(listing.found, written, {item.place: item.reason for item in quarantined})

    return run
