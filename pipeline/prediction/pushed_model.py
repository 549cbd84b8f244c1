"""Loads a pushed model."""

import json
import os
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import tensorflow as tf

from components.errors import TransferlineError
from components.ingest import storage
from components.trainer.serving import CLASSES_FILE, COLUMNS_FILE
from pipeline.prediction.results import Scores


class PushedModel:
    """A model as the Pusher left it.

    Args:
        folder: Its numbered folder.
    """

    def __init__(self, folder: str) -> None:
        self.folder = folder
        self.class_names: tuple[str, ...] = tuple(_read_json(folder, CLASSES_FILE))
        self._signatures: Any = tf.saved_model.load(folder).signatures

    def columns(self) -> tuple[str, ...]:
        """Returns the columns of a model for rows, in their order."""
        return tuple(_read_json(self.folder, COLUMNS_FILE))

    def of_photos(self, photos: Sequence[bytes]) -> Scores:
        """Returns float32 [photos, classes] for encoded photos."""
        return self._scores("image_bytes", image_bytes=tf.constant(list(photos)))

    def of_rows(self, rows: npt.NDArray[np.float32]) -> Scores:
        """Returns float32 [rows, classes] for float32 [rows, columns], of which NaN is a missing value."""
        return self._scores("rows", rows=tf.constant(rows))

    def _scores(self, signature: str, **inputs: tf.Tensor) -> Scores:
        return np.asarray(self._signatures[signature](**inputs)["scores"].numpy())


def _read_json(folder: str, name: str) -> list[str]:
    path = os.path.join(folder, name)
    try:
        with storage.open_file(path) as file:
            return [str(each) for each in json.load(file)]
    except (OSError, ValueError) as error:
        raise TransferlineError(
            "The pushed model doesn't say what it needs to be used here.",
            place=path,
            cure="Run the pipeline again, so that it pushes a model of this release.",
        ) from error
