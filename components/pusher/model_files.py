"""Names the files of a SavedModel that a push goes by."""

import os

from components.ingest import storage

FINGERPRINT_FILE = "fingerprint.pb"
"""What TensorFlow gives each SavedModel; another training's differs."""

SAVED_MODEL_FILE = "saved_model.pb"
"""No server loads a folder without it; where a version can't appear at once it comes last."""

SEAL_FILE = os.path.join("assets.extra", "seal.json")
"""The SHA-256 of every other file, which a push adds; TensorFlow leaves alone what is in its folder."""


def files_of(folder: str) -> dict[str, str]:
    """Returns the stamp of each file of a model by its name relative to the folder, without the seal."""
    nodes = storage.walk(folder)
    return {node.name: node.stamp for node in nodes if not (node.is_folder or node.fault or node.name == SEAL_FILE)}
