"""What every kind of model is once it is trained: from one of Transform's vectors to the scores of the classes."""

from collections.abc import Sequence
from typing import Any, Protocol, TypeAlias

import numpy.typing as npt
import tensorflow as tf
import tf_keras as keras

from components.contract import FEATURES

Arrays: TypeAlias = Sequence[npt.NDArray[Any]]


class TrainedModel(Protocol):
    """A trained model."""

    @property
    def vector(self) -> str:
        """The output of Transform that it takes."""

    @property
    def variables(self) -> Sequence[tf.Variable]:
        """What is saved with its graph."""

    def scores(self, vector: tf.Tensor) -> tf.Tensor:
        """Returns probabilities: float32 [batch, classes], or [batch, 1] of the second of two classes."""

    def logits(self, vector: tf.Tensor) -> tf.Tensor:
        """Returns what the probabilities are made from, of the same shape; [batch, 1] for two classes."""

    def arrays(self) -> Arrays:
        """Returns all that its training came to."""


class Network:
    """A trained network.

    Args:
        model: From float32 [batch, features] to logits.
    """

    vector = FEATURES

    def __init__(self, model: keras.Model) -> None:
        self._model = model
        self.variables = model.variables

    def scores(self, vector: tf.Tensor) -> tf.Tensor:
        """Returns probabilities; see `TrainedModel`."""
        logits = self.logits(vector)
        return tf.sigmoid(logits) if logits.shape[1] == 1 else tf.nn.softmax(logits)

    def logits(self, vector: tf.Tensor) -> tf.Tensor:
        """Returns what the probabilities are made from; see `TrainedModel`."""
        return self._model(vector, training=False)

    def arrays(self) -> Arrays:
        """Returns the weights, as Keras gives them."""
        return list(self._model.get_weights())
