"""Says what a model of rows is trained for: to give the right class, or to come near a number."""

from typing import Protocol

import tensorflow as tf

from components.trainer.mlp.label_scale import Scaling
from components.trainer.mlp.model import crossentropies, crossentropy_name, is_correct

MSE = "mse"


class Objective(Protocol):
    """What is minimised, and what is measured beside it.

    Attributes:
        name: Of the loss without penalties.
        beside: Of the other metric.
    """

    name: str
    beside: str

    def labels(self, packed: tf.Tensor) -> tf.Tensor:
        """Returns labels as the methods below take them, [batch], of those in packed rows, float32 [batch]."""

    def factors(self, scales: tf.Tensor, labels: tf.Tensor) -> tf.Tensor:
        """Returns what the loss of each row is multiplied by, float32 [batch] or []; see `TrainingRows.scales`."""

    def losses(self, outputs: tf.Tensor, labels: tf.Tensor) -> tf.Tensor:
        """Returns the loss of each row, float32 [batch], by the network's float32 [batch, outputs]."""

    def measured(self, outputs: tf.Tensor, labels: tf.Tensor) -> tf.Tensor:
        """Returns the other metric of each row, float32 [batch]."""


class RightClass:
    """The cross-entropy, and the accuracy.

    Args:
        classes: How many there are, 2 or more.
    """

    beside = "accuracy"

    def __init__(self, classes: int) -> None:
        self.name = crossentropy_name(classes)

    def labels(self, packed: tf.Tensor) -> tf.Tensor:
        """Returns the class numbers, int64 [batch]."""
        return tf.cast(packed, tf.int64)

    def factors(self, scales: tf.Tensor, labels: tf.Tensor) -> tf.Tensor:
        """Returns each row's factor, that of its class."""
        return tf.gather(scales, labels)

    def losses(self, outputs: tf.Tensor, labels: tf.Tensor) -> tf.Tensor:
        """Returns the cross-entropy of each row."""
        return crossentropies(outputs, labels)

    def measured(self, outputs: tf.Tensor, labels: tf.Tensor) -> tf.Tensor:
        """Returns 1 for a row whose likeliest class is its own, else 0."""
        return is_correct(outputs, labels)


class NearNumber:
    """The squared error of what is learned of the label, and the absolute one.

    Args:
        scaling: What is learned of it.
    """

    name, beside = MSE, "mae"

    def __init__(self, scaling: Scaling) -> None:
        self._scaling = scaling

    def labels(self, packed: tf.Tensor) -> tf.Tensor:
        """Returns what is learned of the labels, float32 [batch]."""
        return self._scaling.scaled_in_graph(packed)

    def factors(self, scales: tf.Tensor, labels: tf.Tensor) -> tf.Tensor:
        """Returns the one factor of all rows."""
        del labels
        return scales[0]

    def losses(self, outputs: tf.Tensor, labels: tf.Tensor) -> tf.Tensor:
        """Returns the squared error of each row."""
        return tf.square(outputs[:, 0] - labels)

    def measured(self, outputs: tf.Tensor, labels: tf.Tensor) -> tf.Tensor:
        """Returns the absolute error of each row."""
        return tf.abs(outputs[:, 0] - labels)


def objective_name(classes: int) -> str:
    """Returns the name of the loss for so many classes; for none, of a number to predict."""
    return crossentropy_name(classes) if classes else MSE
