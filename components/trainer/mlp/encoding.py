"""Defines the network's first layer: it turns the codes of the packed vector into numbers."""

import tensorflow as tf
import tf_keras as keras

from components.transform.vector import FIRST, MISSING, Part, VectorLayout


class Encoding(keras.layers.Layer):
    """Passes numbers on, and makes of each code either one number a value, or the numbers learned for it.

    So a row of the packed training data has one number a category, however many values that has. Of a code that no
    training row had, all numbers are 0, as in scikit-learn's OneHotEncoder: what wasn't learned speaks for no class.

    Args:
        layout: Of the vector.
        seed: Of the embeddings.
    """

    def __init__(self, layout: VectorLayout, seed: int) -> None:
        # Codes need all bits of a float32, whatever the other layers compute with.
        super().__init__(name="encoding", dtype="float32")
        self._numbers, self._coded = layout.numbers, layout.coded
        self._embeddings: dict[str, tf.Variable] = {}
        for number, part in enumerate(self._coded):
            if part.embedding:
                self._embeddings[part.column] = self.add_weight(
                    f"embedding_{number}",
                    [part.learned, part.embedding],
                    initializer=keras.initializers.RandomUniform(-0.05, 0.05, seed=seed + number),
                )

    def call(self, vectors: tf.Tensor) -> tf.Tensor:
        """Returns float32 [batch, numbers], more of them than there were."""
        encoded = [self._encoded(part, vectors) for part in self._coded]
        return tf.concat([vectors[:, : self._numbers], *encoded], axis=1)

    def _encoded(self, part: Part, vectors: tf.Tensor) -> tf.Tensor:
        codes = tf.cast(vectors[:, part.begin], tf.int32)
        # A missing value comes last, where training rows lack some; all that is out of range becomes 0.
        last = len(part.values) + part.buckets
        places = tf.where(tf.equal(codes, MISSING), last, codes - FIRST)
        if not part.embedding:
            return tf.one_hot(places, part.learned)
        known = (places >= 0) & (places < part.learned)
        found = tf.gather(self._embeddings[part.column], tf.where(known, places, 0))
        return tf.where(known[:, tf.newaxis], found, 0.0)
