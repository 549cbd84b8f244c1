"""Writes and reads what the yardstick measured."""

import os

import tensorflow as tf

from components.outcome import Yardstick

YARDSTICK_FILE = "yardstick.json"


def write_yardstick(yardstick: Yardstick, folder: str) -> None:
    """Writes `yardstick.json`."""
    tf.io.gfile.makedirs(folder)  # on a cluster nobody has made it
    with tf.io.gfile.GFile(os.path.join(folder, YARDSTICK_FILE), "w") as file:
        file.write(yardstick.model_dump_json(indent=2))


def read_yardstick(folder: str) -> Yardstick:
    """Reads `yardstick.json`."""
    with tf.io.gfile.GFile(os.path.join(folder, YARDSTICK_FILE)) as file:
        return Yardstick.model_validate_json(file.read())
