"""The numbered folders that TensorFlow Serving picks the highest of."""

import os
import time

import tensorflow as tf

FINGERPRINT_FILE = "fingerprint.pb"


def newest_version(base_directory: str) -> str:
    """Returns the folder of the highest numbered version, as TensorFlow Serving picks it; "" if there is none."""
    if not tf.io.gfile.isdir(base_directory):
        return ""
    versions = [name.rstrip("/") for name in tf.io.gfile.listdir(base_directory)]
    numbers = sorted((int(name) for name in versions if name.isdigit()), reverse=True)
    return os.path.join(base_directory, str(numbers[0])) if numbers else ""


def next_version(base_directory: str) -> str:
    """Returns the time in seconds, as TFX has it, but always above the versions that are there."""
    newest = newest_version(base_directory)
    return str(max(int(time.time()), int(os.path.basename(newest)) + 1 if newest else 0))


def is_same_model(version: str, model_path: str) -> bool:
    """Compares the fingerprints that TensorFlow gives each SavedModel it writes."""
    files = [os.path.join(folder, FINGERPRINT_FILE) for folder in (version, model_path)]
    if not all(tf.io.gfile.exists(file) for file in files):
        return False
    contents = []
    for file in files:
        with tf.io.gfile.GFile(file, "rb") as opened:
            contents.append(opened.read())
    return bool(contents[0] == contents[1])
