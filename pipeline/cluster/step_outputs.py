"""Keeps the folders of a step's outputs as they should be: empty before it, without directory markers after it."""

import os
from collections.abc import Iterable
from pathlib import Path

from components.errors import TransferlineError
from components.ingest.side_by_side import side_by_side
from components.ingest.storage import GOOGLE

POD = "KFP_POD_NAME"
"""Kubeflow sets this variable in the container of every step."""
LAUNCHER_ROOT = "ARTIFACT_LOCAL_PATH"
"""Kubeflow's launcher, too, has its local files below this variable's folder, for tests."""
KEPT_FILE = ".empty"
"""What an output with nothing in it holds: a name that no reader of an artifact asks for."""


def clear(folders: Iterable[str]) -> None:
    """Removes what an earlier try of the same step left in its outputs, whose place Kubeflow doesn't change.

    A training's checkpoints aren't among them: they are in a folder of their own, from run to run.

    Raises:
        TransferlineError: It can't be removed.
    """
    from tfx.dsl.io import fileio  # noqa: PLC0415 (takes seconds)

    for folder in folders:
        try:
            if fileio.isdir(folder):
                fileio.rmtree(folder)
        except Exception as error:  # whatever the file system's library raises
            raise TransferlineError(
                f"What an earlier try of the step left can't be removed: {error}.",
                place=folder,
                cure="Let the account that the steps run as remove what is below the root.",
            ) from error


def remove_markers(folders: Iterable[str]) -> None:
    """Removes directory markers: objects without content whose name ends in "/".

    TensorFlow writes them to gs://, and what Kubeflow's launcher downloads before the next step can't be a file and a
    folder at once. An output of which nothing else is left gets a file, so that it is there.

    Args:
        folders: Those of the step's outputs; what isn't on gs:// has no markers.

    Raises:
        TransferlineError: They can't be removed.
    """
    for folder in folders:
        if folder.startswith(GOOGLE):
            _remove_markers(folder)


def leave_local_folders(folders: Iterable[str]) -> None:
    """Makes the local folder of each output on gs://, empty, where Kubeflow's launcher looks for it after the step.

    Without ML Metadata it ends a step that left nothing there, though it has nothing to upload from there.

    Args:
        folders: Those of the step's outputs.
    """
    # On Vertex AI the folder is the bucket itself.
    if POD not in os.environ:
        return
    for folder in folders:
        if folder.startswith(GOOGLE):
            local = Path(os.environ.get(LAUNCHER_ROOT) or "/", "gcs", folder.removeprefix(GOOGLE))
            local.mkdir(parents=True, exist_ok=True)


def _remove_markers(folder: str) -> None:
    from components.ingest import google_storage  # noqa: PLC0415 (imports Google's client)

    for _ in side_by_side(google_storage.remove, google_storage.markers(folder)):
        pass
    if not google_storage.is_folder(folder):
        google_storage.create(f"{folder.rstrip('/')}/{KEPT_FILE}", b"There is nothing in this output.\n")
