"""Defines a dropout layer whose random state is part of a checkpoint."""

import tensorflow as tf
import tf_keras as keras


class Dropout(keras.layers.Layer):
    """Sets a fraction of its input to zero while training, and scales the rest up; passes it on unchanged otherwise.

    Keras's own keeps its random state where no checkpoint reaches it.

    Args:
        rate: The fraction.
        seed: Of the random numbers; every replica has a stream of its own.
        **options: Of a Keras layer, such as `dtype`.
    """

    def __init__(self, rate: float, seed: int, **options: object) -> None:
        super().__init__(**options)
        self.rate = rate
        self._random = tf.random.Generator.from_seed(seed)

    def call(self, inputs: tf.Tensor, training: bool = False) -> tf.Tensor:
        """Returns a tensor like the input."""
        if not training or not self.rate:
            return inputs
        return tf.nn.experimental.stateless_dropout(inputs, self.rate, seed=self._random.make_seeds()[:, 0])
