"""Loads SavedModels, each once a process: the steps of a local run share one, and loading is half of a small one."""

import os
from functools import lru_cache
from typing import Any

import tensorflow as tf

FINGERPRINT_FILE = "fingerprint.pb"
"""With hashes of the graph and of the variables; see tensorflow/core/protobuf/fingerprint.proto."""

KEPT = 2
"""A candidate and what it is compared with."""


def load_model(folder: str) -> Any:
    """Returns a SavedModel, as it was loaded before where it is the same still.

    Args:
        folder: Of the SavedModel, as TensorFlow 2.12 or newer writes it.
    """
    with tf.io.gfile.GFile(os.path.join(folder, FINGERPRINT_FILE), "rb") as file:
        return _loaded(folder, file.read())


@lru_cache(KEPT)
def _loaded(folder: str, _fingerprint: bytes) -> Any:
    return tf.saved_model.load(folder)
