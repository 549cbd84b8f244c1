"""Takes photos through all that ImageExampleGen does but Beam."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import tensorflow as tf

from components.image_example_gen.config import ImageData
from components.image_example_gen.examples import PhotoExample, read_source
from components.image_example_gen.listing import list_photos
from components.image_example_gen.photos import read_photo
from components.image_example_gen.splits import make_rule
from components.ingest.report import Quarantined


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


def taken(path, **settings):
    """Lists and reads the data at a path, with settings of ImageData, and checks that nothing is lost."""
    data = ImageData(path=str(path), **settings)
    listing = list_photos(data)
    rule = make_rule(data.split, listing.laid_out, data.path)
    with ThreadPoolExecutor(2) as threads:
        items = [item for source in listing.sources for item in read_source(source, data, rule, threads)]
    written = [item for item in items if isinstance(item, PhotoExample)]
    quarantined = [*listing.quarantined, *(item for item in items if isinstance(item, Quarantined))]
    assert listing.found == len(written) + len(quarantined)
    return Taken(listing.found, written, {item.place: item.reason for item in quarantined})


def size_as_stored(path):
    """Returns width and height of a photo as it would be stored."""
    data = ImageData()
    photo = read_photo(Path(path).read_bytes(), data.longest_side, data.max_pixels)
    return photo.width, photo.height


def outcome(path):
    """Returns in a few words what becomes of the data at a path."""
    found = taken(path)
    return (
        f"{len(found.written)} written, {len(found.quarantined)} quarantined: {'; '.join(found.quarantined.values())}"
    )
