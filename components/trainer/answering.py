"""Finds out how a trained model is to answer, on the validation split."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import tensorflow as tf

from components.answering import Answering
from components.calibration import calibrate
from components.errors import TransferlineError
from components.operating_point import EVEN, PLACE, OperatingPoint, choose_cut


def check_operating_point(wanted: OperatingPoint | None, class_names: Sequence[str]) -> None:
    """Checks, before anything is trained, that a cut is asked for between two classes only.

    Raises:
        TransferlineError: There are more.
    """
    if wanted is not None and len(class_names) != 2:
        raise TransferlineError(
            f"An operating point lies between two classes, and there are {len(class_names)}.",
            place=PLACE,
            cure="Leave it out: of more than two classes the likeliest one is answered.",
        )


def find_answering(
    logits: npt.NDArray[np.float32],
    labels: npt.NDArray[np.int64],
    weights: npt.NDArray[np.float32] | None = None,
    *,
    calibrated: bool,
    operating_point: OperatingPoint | None,
) -> Answering:
    """Finds temperature and cut on the validation split, as far as they are asked for.

    Args:
        logits: [examples, classes], or [examples, 1]: of the second of two classes.
        labels: Numbers of the classes, [examples].
        weights: Of each example; 1 where not given.
        calibrated: Whether a temperature is asked for.
        operating_point: What the cut is chosen by; None for one half.

    Raises:
        TransferlineError: No cut reaches what is asked for.
    """
    calibration = calibrate(logits, labels, weights) if calibrated else None
    temperature = calibration.temperature if calibration else 1.0
    cut = EVEN
    if operating_point is not None:
        scores = scores_of(tf.constant(logits), temperature).numpy()
        cut = choose_cut(operating_point, scores[:, 1], labels == 1, weights)
    return Answering(temperature=temperature, cut=cut, operating_point=operating_point, calibration=calibration)


def scores_of(logits: tf.Tensor, temperature: float = 1.0) -> tf.Tensor:
    """Returns probabilities, float32 [batch, classes], of logits [batch, classes], or [batch, 1] of two classes."""
    if temperature != 1.0:
        logits = logits / temperature
    if logits.shape[1] == 1:
        second = tf.sigmoid(logits)
        return tf.concat([1.0 - second, second], axis=1)
    return tf.nn.softmax(logits)


def answers_of(model: Any, batches: tf.data.Dataset) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.int64]]:
    """Returns what a Keras model gives for all batches, and the class numbers that come with them.

    Every worker computes all of it, in its own replica, so that all come to the same.

    Args:
        model: From a batch to [batch, outputs].
        batches: Of (input, class numbers [batch]), perhaps with weights [batch]: what weighs nothing is passed over.
    """
    forward = tf.function(lambda given: model(given, training=False), autograph=False, reduce_retracing=True)
    found = []
    for given, ids, *weights in batches:
        there = weights[0].numpy() > 0 if weights else slice(None)
        found.append((forward(given).numpy()[there], ids.numpy()[there]))
    return np.concatenate([outputs for outputs, _ in found]), np.concatenate([ids for _, ids in found])
