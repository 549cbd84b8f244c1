"""Names the files of a SavedModel that a push goes by."""

import os
from fnmatch import fnmatchcase

from components.ingest import storage

FINGERPRINT_FILE = "fingerprint.pb"
"""What TensorFlow gives each SavedModel; another training's differs."""

SAVED_MODEL_FILE = "saved_model.pb"
"""No server loads a folder without it; where a version can't appear at once it comes last."""

SEAL_FILE = os.path.join("assets.extra", "seal.json")
"""The SHA-256 of every other file, which a push adds; TensorFlow leaves alone what is in its folder."""


LEFT_BEHIND = (".DS_Store", "._*", ".nfs*", "Thumbs.db", "desktop.ini", "beam-temp-*")
"""What desktops, network file systems and killed workers leave beside a model's files: no server reads it."""


def is_left_behind(name: str) -> bool:
    """Returns whether a file, or a folder that it is in, is no part of a model."""
    return any(fnmatchcase(part, pattern) for part in name.split("/") for pattern in LEFT_BEHIND)


def files_of(folder: str) -> dict[str, str]:
    """Returns the stamp of each file of a model by its name relative to the folder, without the seal."""
    files = (node for node in storage.walk(folder) if not (node.is_folder or node.fault))
    return {node.name: node.stamp for node in files if node.name != SEAL_FILE and not is_left_behind(node.name)}
