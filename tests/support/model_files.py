"""What tells one SavedModel from another, without a model."""

from components.pusher.versions import FINGERPRINT_FILE, SAVED_MODEL_FILE


def write_model_files(folder, fingerprint=b"one"):
    """Writes the files by which a model is known into a folder; returns it."""
    folder.mkdir(parents=True)
    (folder / FINGERPRINT_FILE).write_bytes(fingerprint)
    (folder / SAVED_MODEL_FILE).write_bytes(b"graph")
    return folder
