"""Photos that are damaged or made up: each is stored, so that TensorFlow decodes it, or quarantined."""

from pathlib import Path
from random import Random

import tensorflow as tf
from photo_ingest import taken

from torture.data import name_of_a_file, photos, spoiled_photo
from torture.part import Part


def run(random: Random, folder: Path) -> str:
    """Spoils one of some photos, and takes all in."""
    for name in ("cat", "dog"):
        (folder / name).mkdir()
        (folder / name / "sound.jpg").write_bytes(photos()[ord(name[0]) % 2])
    (folder / random.choice(("cat", "dog")) / name_of_a_file(random)).write_bytes(spoiled_photo(random))
    found = taken(folder, longest_side=random.choice((8, 1024)))
    for example in found.examples():
        tf.io.decode_image(example.features.feature["image"].bytes_list.value[0])
    return "quarantined" if found.quarantined else "taken"


PART = Part(name="photos", cases=20_000, run=run)
