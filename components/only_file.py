"""Finds the one file of an artifact, such as a schema, beside what else lies in its folder.

TFX takes whatever is in the folder, and fails where there is more: where a desktop left a file of its own, or a step
that was ended a half one.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from tfx.utils import io_utils

from components.ingest import storage

NAMES = ("schema.pbtxt", "best_hyperparameters.txt")
"""Of TFX's artifacts that are one file each, what they are called; see its SchemaGen and Tuner."""

OF_TFX = io_utils.get_only_uri_in_dir


def only_file(folder: str) -> str:
    """Returns the path of the one file of a schema, or of hyperparameters.

    Args:
        folder: The artifact's.
    """
    names = storage.names_in(folder)
    known = [name for name in NAMES if name in names]
    return storage.join(folder, known[0]) if known else str(OF_TFX(folder))


@contextmanager
def by_name() -> Iterator[None]:
    """Has TFX's own code take the file that has the name, too."""
    io_utils.get_only_uri_in_dir = only_file
    try:
        yield
    finally:
        io_utils.get_only_uri_in_dir = OF_TFX
