"""Says how a model's logits become its answer: by a temperature, and for two classes by a cut between them."""

import os
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import tensorflow as tf

from components.errors import TransferlineError
from components.settings import Settings
from components.trainer.calibration import Calibration, calibrate
from components.trainer.config import TrainingSettings
from components.trainer.operating_point import EVEN, PLACE, OperatingPoint, choose_cut

ANSWERING_FILE = os.path.join("assets.extra", "answering.json")


class Answering(Settings):
    """What is between logits and answer.

    Attributes:
        temperature: What logits are divided by.
        cut: Of two classes: the second is answered where its probability is above it. Of more, the likeliest class is.
        operating_point: What the cut was chosen by; None where it is one half.
        calibration: What the temperature was chosen by; None where it is 1.
    """

    temperature: float = 1.0
    cut: float = EVEN
    operating_point: OperatingPoint | None = None
    calibration: Calibration | None = None

    @property
    def is_plain(self) -> bool:
        """Whether the likeliest class is answered, with the network's own probabilities."""
        return self.operating_point is None and self.calibration is None


def check_answering(settings: TrainingSettings, class_names: Sequence[str]) -> None:
    """Checks, before anything is trained, that a cut is asked for between two classes only.

    Raises:
        TransferlineError: There are more.
    """
    if settings.operating_point is not None and len(class_names) != 2:
        raise TransferlineError(
            f"An operating point lies between two classes, and there are {len(class_names)}.",
            place=PLACE,
            cure="Leave it out: of more than two classes the likeliest one is answered.",
        )


def find_answering(
    settings: TrainingSettings,
    logits: npt.NDArray[np.float32],
    labels: npt.NDArray[np.int64],
    weights: npt.NDArray[np.float32] | None = None,
) -> Answering:
    """Finds temperature and cut on the validation split, as far as they are asked for.

    Args:
        settings: The trainer's settings.
        logits: [examples, classes], or [examples, 1]: of the second of two classes.
        labels: Numbers of the classes, [examples].
        weights: Of each example; 1 where not given.

    Raises:
        TransferlineError: No cut reaches what is asked for.
    """
    calibration = calibrate(logits, labels, weights) if settings.calibrate else None
    temperature = calibration.temperature if calibration else 1.0
    cut = EVEN
    if settings.operating_point is not None:
        scores = scores_of(tf.constant(logits), temperature).numpy()
        cut = choose_cut(settings.operating_point, scores[:, 1], labels == 1, weights)
    return Answering(
        temperature=temperature, cut=cut, operating_point=settings.operating_point, calibration=calibration
    )


def scores_of(logits: tf.Tensor, temperature: float = 1.0) -> tf.Tensor:
    """Returns probabilities, float32 [batch, classes], of logits [batch, classes], or [batch, 1] of two classes."""
    if temperature != 1.0:
        logits = logits / temperature
    if logits.shape[1] == 1:
        second = tf.sigmoid(logits)
        return tf.concat([1.0 - second, second], axis=1)
    return tf.nn.softmax(logits)


def write_answering(answering: Answering, folder: str) -> None:
    """Writes it beside the graph of a SavedModel."""
    path = os.path.join(folder, ANSWERING_FILE)
    tf.io.gfile.makedirs(os.path.dirname(path))
    with tf.io.gfile.GFile(path, "w") as file:
        file.write(answering.model_dump_json(indent=2))


def read_answering(folder: str) -> Answering:
    """Reads what is beside the graph of a SavedModel; older ones, which have nothing there, answer the likeliest."""
    path = os.path.join(folder, ANSWERING_FILE)
    if not tf.io.gfile.exists(path):
        return Answering()
    with tf.io.gfile.GFile(path) as file:
        return Answering.model_validate_json(file.read())


def answers_of(model: Any, batches: tf.data.Dataset) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.int64]]:
    """Returns what a Keras model gives for all batches, and the class numbers that come with them.

    Every worker computes all of it, in its own replica, so that all come to the same.

    Args:
        model: From a batch to [batch, outputs].
        batches: Of (input, class numbers [batch]).
    """
    forward = tf.function(lambda given: model(given, training=False), autograph=False, reduce_retracing=True)
    found = [(forward(given).numpy(), ids.numpy()) for given, ids in batches]
    return np.concatenate([outputs for outputs, _ in found]), np.concatenate([ids for _, ids in found])
