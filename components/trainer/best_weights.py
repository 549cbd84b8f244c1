"""Keeps the weights of the epoch that validated best, which are the ones that are exported."""

import io
import math

import numpy as np
import numpy.typing as npt
import tensorflow as tf
import tf_keras as keras


class BestWeights(tf.train.experimental.PythonState):
    """The weights of the epoch that validated best, as part of a checkpoint.

    Args:
        model: Its weights are the best ones until an epoch is better.

    Attributes:
        objective: The lowest value so far.
        epoch: Its epoch, from 1 on; 0 if there was none.
        weights: As Keras gives them.
    """

    def __init__(self, model: keras.Model) -> None:
        super().__init__()
        self.objective, self.epoch = math.inf, 0
        self.weights: list[npt.NDArray[np.float32]] = model.get_weights()

    def compare(self, objective: float, epoch: int, model: keras.Model) -> None:
        """Keeps the model's weights if the epoch was better than all before."""
        if objective < self.objective:
            self.objective, self.epoch, self.weights = objective, epoch, model.get_weights()

    def serialize(self) -> bytes:
        """Returns all of it in numpy's own format."""
        file = io.BytesIO()
        np.savez(file, np.float64(self.objective), np.int64(self.epoch), *self.weights)
        return file.getvalue()

    def deserialize(self, string_value: bytes) -> None:
        """Takes all of it from numpy's own format."""
        with np.load(io.BytesIO(string_value)) as arrays:
            objective, epoch, *self.weights = (arrays[name] for name in arrays.files)
        self.objective, self.epoch = float(objective), int(epoch)
