"""Copies a model from anywhere to anywhere."""

import os
import shutil

from components.ingest import storage
from components.ingest.side_by_side import side_by_side
from components.pusher.model_files import LEFT_BEHIND, SAVED_MODEL_FILE, files_of


def copy_model(source: str, target: str) -> None:
    """Copies a SavedModel into a folder; where one isn't local, the file without which nobody loads it comes last.

    Raises:
        OSError: It can't be read or written.
        TransferlineError: It can't be read or written, on gs://.
    """
    if storage.is_local(source) and storage.is_local(target):
        shutil.copytree(source, target, dirs_exist_ok=True, ignore=shutil.ignore_patterns(*LEFT_BEHIND))
        return

    def copy(name: str) -> None:
        with storage.open_file(os.path.join(source, name)) as file:
            storage.upload(file, os.path.join(target, name))

    for _ in side_by_side(copy, [name for name in files_of(source) if name != SAVED_MODEL_FILE]):
        pass
    copy(SAVED_MODEL_FILE)
