"""Loads a pushed model."""

import json
import logging
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import tensorflow as tf

from components.answering import read_answering
from components.csv_example_gen.config import ColumnType
from components.errors import TransferlineError
from components.ingest import storage
from components.task import read_task
from components.trainer.serving import CLASSES_FILE, COLUMNS_FILE, INPUTS_FILE
from pipeline.prediction.results import Scores

Values: TypeAlias = npt.NDArray[Any]
"""Of a column, [rows]: float32, or float64 of whole numbers, NaN for none; or texts, dates by ISO 8601, "" for none."""


@contextmanager
def _names_of_any_kind() -> Iterator[None]:
    """Keeps TensorFlow from saying of each input that it isn't named as Python would: columns are named by people."""
    absl = logging.getLogger("absl")
    before = absl.level
    absl.setLevel(logging.ERROR)
    try:
        yield
    finally:
        absl.setLevel(before)


class PushedModel:
    """A model as the Pusher left it. All of it is read at once: `clean` may remove its folder afterwards.

    Args:
        folder: Its numbered folder.

    Attributes:
        task: What it predicts.
        class_names: The classes; none of a number.
    """

    def __init__(self, folder: str) -> None:
        self.folder = folder
        self.task = read_task(folder)
        self.class_names: tuple[str, ...] = () if self.task.of_numbers else tuple(_read_json(folder, CLASSES_FILE))
        self.answering = read_answering(folder)
        with _names_of_any_kind():
            self._signatures: Any = tf.saved_model.load(folder).signatures
        self._inputs: dict[str, Any] = _read_json(folder, INPUTS_FILE) if self._takes_columns else {}
        self._columns: list[str] | None = _read_json(folder, COLUMNS_FILE) if "rows" in self._signatures else None

    def columns(self) -> dict[str, ColumnType]:
        """Returns the columns of a model for rows, in their order, and their types."""
        if not self._takes_columns:
            if self._columns is None:
                raise _says_too_little(os.path.join(self.folder, COLUMNS_FILE))
            return dict.fromkeys(self._columns, "float")
        return {name: each["type"] for name, each in self._inputs.items()}

    def trained_columns(self) -> dict[str, Any]:
        """Returns what training had in each column, as the Trainer wrote it; of a model of 0.5 and before nothing."""
        return {name: each["trained"] for name, each in self._inputs.items() if "trained" in each}

    def trained_texts(self) -> dict[str, frozenset[str]]:
        """Returns the values that training had in each column, as text, where the model says."""
        return {name: frozenset(each["values"] or ()) for name, each in self.trained_columns().items()}

    def of_photos(self, photos: Sequence[bytes]) -> Scores:
        """Returns float32 [photos, classes] for encoded photos."""
        return self._scores("image_bytes", image_bytes=tf.constant(list(photos)))

    def of_rows(self, columns: Mapping[str, Values]) -> Scores:
        """Returns float32 [rows, classes] for rows that come column by column; [rows, 1] of numbers."""
        if not self._takes_columns:  # as models of 0.4 and before
            return self._scores("rows", rows=tf.constant(np.column_stack(list(columns.values()))))
        given = {self._inputs[name]["input"]: tf.constant(each) for name, each in columns.items()}
        return self._scores("columns", **given)

    @property
    def _takes_columns(self) -> bool:
        return "columns" in self._signatures

    def _scores(self, signature: str, **inputs: tf.Tensor) -> Scores:
        with _names_of_any_kind():
            answer = self._signatures[signature](**inputs)
        return np.asarray(answer["prediction"].numpy()[:, np.newaxis] if self.task.of_numbers else answer["scores"])


def _read_json(folder: str, name: str) -> Any:
    path = os.path.join(folder, name)
    try:
        with storage.open_file(path) as file:
            return json.load(file)
    except (OSError, ValueError) as error:
        raise _says_too_little(path) from error


def _says_too_little(path: str) -> TransferlineError:
    return TransferlineError(
        "The pushed model doesn't say what it needs to be used here.",
        place=path,
        cure="Run the pipeline again, so that it pushes a model of this release.",
    )
