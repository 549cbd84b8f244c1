"""A pushed model, found and loaded."""

import json
import os
from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import tensorflow as tf

from components.errors import TransferlineError
from components.trainer.serving import CLASSES_FILE, COLUMNS_FILE
from pipeline.config import PipelineConfig

Scores: TypeAlias = npt.NDArray[np.float32]


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


def find_pushed(config: PipelineConfig, version: int | None = None) -> str:
    """Returns the folder of a pushed model: of this version, or the last.

    Raises:
        TransferlineError: There is none.
    """
    pushed = config.pushed_dir
    names = tf.io.gfile.listdir(pushed) if tf.io.gfile.isdir(pushed) else []
    versions = sorted(int(name.rstrip("/")) for name in names if name.rstrip("/").isdecimal())
    if not versions:
        raise TransferlineError(
            f"no model of '{config.name}' has been pushed yet",
            place=pushed,
            cure=f"run it first: transferline run {config.name}; or name its output folder with --output-dir",
        )
    if version is not None and version not in versions:
        raise TransferlineError(
            f"there is no pushed model {version}", place=pushed, cure=f"use one of {', '.join(map(str, versions))}"
        )
    return os.path.join(pushed, str(versions[-1] if version is None else version))


def _read_json(folder: str, name: str) -> list[str]:
    path = os.path.join(folder, name)
    try:
        with tf.io.gfile.GFile(path) as file:
            return [str(each) for each in json.loads(file.read())]
    except (tf.errors.OpError, ValueError) as error:
        raise TransferlineError(
            "the pushed model doesn't say what it needs to be used here",
            place=path,
            cure="run the pipeline again, so that it pushes a model of this release",
        ) from error
