"""What every kind of model is once it is trained: from one of Transform's vectors to scores of classes or a number."""

from collections.abc import Sequence
from typing import Any, Protocol, TypeAlias

import numpy.typing as npt
import tensorflow as tf
import tf_keras as keras

from components.contract import FEATURES
from components.trainer.layers import summary_of, trained_now
from components.trainer.mlp.label_scale import Scaling
from components.trainer.model_summary import ModelSummary

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

    def outputs(self, vector: tf.Tensor) -> tf.Tensor:
        """Returns what is learned of a number to predict, float64 [batch]; of a model of classes nothing."""

    def arrays(self) -> Arrays:
        """Returns all that its training came to."""

    def summary(self) -> ModelSummary:
        """Returns what it is made of."""


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

    def outputs(self, vector: tf.Tensor) -> tf.Tensor:
        """Returns what is learned of a number to predict; see `TrainedModel`."""
        return tf.cast(self.logits(vector)[:, 0], tf.float64)

    def arrays(self) -> Arrays:
        """Returns the weights, as Keras gives them."""
        return list(self._model.get_weights())

    def summary(self) -> ModelSummary:
        """Returns its layers."""
        return summary_of(self._model, {"training": trained_now(self._model)})


class NumberModel:
    """A trained model of a number to predict, with what makes its answers numbers of the label's own unit.

    Args:
        model: What was trained.
        scaling: What it learned of the label.
    """

    def __init__(self, model: TrainedModel, scaling: Scaling) -> None:
        self._model, self.scaling = model, scaling
        self.vector, self.variables = model.vector, model.variables
        self.scores, self.logits, self.outputs = model.scores, model.logits, model.outputs
        self.summary = model.summary

    def numbers(self, vector: tf.Tensor) -> tf.Tensor:
        """Returns the answers, float32 [batch]."""
        return self.scaling.unscaled(self.outputs(vector))

    def arrays(self) -> Arrays:
        """Returns the model's, and the scaling after them."""
        return [*self._model.arrays(), self.scaling.array()]
