"""Finds and numbers the version folders, of which TensorFlow Serving serves the highest."""

import os
import time

from components.ingest import storage
from components.pusher.model_files import FINGERPRINT_FILE, SAVED_MODEL_FILE, files_of
from components.pusher.seal import is_intact

SERVED_MODEL = "Format-Serving"
"""The folder of the model that is served, in an artifact of TFX's Trainer."""

MAX_FINGERPRINT_BYTES = 2**20
MOST_DIGITS = 18
"""TensorFlow Serving has 64 bits for a version."""


def versions(base_directory: str) -> list[int]:
    """Returns the numbers of the versions, the highest, which TensorFlow Serving picks, first."""
    names = storage.names_in if storage.is_local(base_directory) else _whole_ones
    return sorted(filter(None, map(version_number, names(base_directory))), reverse=True)


def version_number(name: str) -> int | None:
    """Returns the number that a version's folder has as its name; None of others, as "²", "٣" and "007"."""
    is_number = name.isascii() and name.isdecimal() and name[0] != "0" and len(name) <= MOST_DIGITS
    return int(name) if is_number else None


def _whole_ones(base_directory: str) -> list[str]:
    """The folders of a remote place that aren't half a push."""
    if not storage.is_folder(base_directory):
        return []
    ending = f"/{SAVED_MODEL_FILE}"
    names = [node.name for node in storage.walk(base_directory) if node.name.endswith(ending)]
    return [name.removesuffix(ending) for name in names]


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
    """Returns whether a version is a model: by its fingerprint, and whether all its files are there, intact."""
    if not has_same_fingerprint(version, model_path):
        return False
    there = files_of(version)
    files = files_of(model_path).items()
    return all(name in there and _is_same_file(stamp, there[name]) for name, stamp in files) and is_intact(version)


def has_same_fingerprint(version: str, model_path: str) -> bool:
    """Compares the fingerprints that TensorFlow gives each SavedModel."""
    prints = []
    for folder in (version, model_path):
        try:
            prints.append(storage.read_file(os.path.join(folder, FINGERPRINT_FILE), MAX_FINGERPRINT_BYTES))
        except FileNotFoundError:
            return False
    return prints[0] == prints[1]


def _is_same_file(one: str, other: str) -> bool:
    """Stamps that tell a time differ after a copy."""
    return storage.size_in(one) == storage.size_in(other)
