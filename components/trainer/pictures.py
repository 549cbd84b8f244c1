"""Writes and reads the pictures of an augmented photo, which are kept beside the learning curves."""

import os
from collections.abc import Sequence

import tensorflow as tf

AUGMENTED_FOLDER = "augmented"
"""In the folder of a model run: `0.jpg`, the photo as it is, and `1.jpg` and so on, as it was changed."""


def write_augmented(pictures: Sequence[bytes], folder: str) -> None:
    """Writes JPEGs into the folder of a model run, the photo as it is first."""
    tf.io.gfile.makedirs(os.path.join(folder, AUGMENTED_FOLDER))
    for number, picture in enumerate(pictures):
        with tf.io.gfile.GFile(_path(folder, str(number)), "wb") as file:
            file.write(picture)


def find_augmented(folder: str) -> list[bytes]:
    """Returns the JPEGs in the folder of a model run, in their order; none where there are none."""
    found: list[bytes] = []
    while tf.io.gfile.exists(_path(folder, str(len(found)))):
        with tf.io.gfile.GFile(_path(folder, str(len(found))), "rb") as file:
            found.append(file.read())
    return found


def _path(folder: str, name: str) -> str:
    return os.path.join(folder, AUGMENTED_FOLDER, f"{name}.jpg")
