"""Finds and numbers the version folders, of which TensorFlow Serving serves the highest."""

import os
import time

from components.ingest import storage

FINGERPRINT_FILE = "fingerprint.pb"


def versions(base_directory: str) -> list[int]:
    """Returns the numbers of the versions, the highest, which TensorFlow Serving picks, first."""
    return sorted((int(name) for name in storage.names_in(base_directory) if name.isdigit()), reverse=True)


def newest_version(base_directory: str) -> str:
    """Returns the folder of the highest numbered version; "" if there is none."""
    numbers = versions(base_directory)
    return os.path.join(base_directory, str(numbers[0])) if numbers else ""


def next_version(base_directory: str) -> str:
    """Returns the time in seconds, as TFX has it, but always above the versions that are there."""
    newest = newest_version(base_directory)
    return str(max(int(time.time()), int(os.path.basename(newest)) + 1 if newest else 0))


def version_for(base_directory: str, model_path: str) -> str:
    """Returns the version a model is, or will be, served under: the newest where that is this model, else a new one."""
    newest = newest_version(base_directory)
    return os.path.basename(newest) if newest and is_same_model(newest, model_path) else next_version(base_directory)


def is_same_model(version: str, model_path: str) -> bool:
    """Compares the fingerprints that TensorFlow gives each SavedModel it writes."""
    contents = []
    for folder in (version, model_path):
        try:
            with storage.open_file(os.path.join(folder, FINGERPRINT_FILE)) as file:
                contents.append(file.read())
        except FileNotFoundError:
            return False
    return contents[0] == contents[1]
