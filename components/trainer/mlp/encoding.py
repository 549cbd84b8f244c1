"""Defines the network's first layer: it turns the codes of the packed vector into numbers."""

from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import tensorflow as tf
import tf_keras as keras

from components.transform.vector import FIRST, MISSING, Part, VectorLayout

Numbers: TypeAlias = int | npt.NDArray[np.int32]
"""Of one column, or of several, [columns]."""


class Encoding(keras.layers.Layer):
    """Passes numbers on, and makes of each code either one number a value, or the numbers learned for it.

    So a row of the packed training data has one number a category, however many values that has. Of a code that no
    training row had, all numbers are 0, as in scikit-learn's OneHotEncoder: what wasn't learned speaks for no class.

    Args:
        layout: Of the vector.
        seed: Of the embeddings.
        shared: Whether all embeddings are in one table, so that a step looks them up, and changes them, at once.
    """

    def __init__(self, layout: VectorLayout, seed: int, *, shared: bool = False) -> None:
        # Codes need all bits of a float32, whatever the other layers compute with.
        super().__init__(name="encoding", dtype="float32")
        self._numbers = layout.numbers
        embedded = tuple(part for part in layout.coded if part.embedding)
        self._in_one_table = embedded if shared else ()
        self._coded = tuple(part for part in layout.coded if part not in self._in_one_table)
        self._embeddings: dict[str, tf.Variable] = {}
        for number, part in enumerate(self._coded):
            if part.embedding:
                self._embeddings[part.column] = self._table(
                    f"embedding_{number}", part.learned, part.embedding, seed + number
                )
        if self._in_one_table:
            self._width = max(part.embedding for part in embedded)
            self._shared = self._table("embeddings", sum(part.learned for part in embedded), self._width, seed)

    def call(self, vectors: tf.Tensor) -> tf.Tensor:
        """Returns float32 [batch, numbers], more of them than there were."""
        encoded = [self._encoded(part, vectors) for part in self._coded]
        if self._in_one_table:
            encoded.append(self._from_one_table(vectors))
        return tf.concat([vectors[:, : self._numbers], *encoded], axis=1)

    def _table(self, name: str, values: int, width: int, seed: int) -> tf.Variable:
        return self.add_weight(
            name, [values, width], initializer=keras.initializers.RandomUniform(-0.05, 0.05, seed=seed)
        )

    def _encoded(self, part: Part, vectors: tf.Tensor) -> tf.Tensor:
        places = _places(vectors[:, part.begin], _last(part))
        if not part.embedding:
            return tf.one_hot(places, part.learned)
        return _rows(self._embeddings[part.column], places, part.learned)

    def _from_one_table(self, vectors: tf.Tensor) -> tf.Tensor:
        """Returns float32 [batch, columns * width]."""
        parts = self._in_one_table
        learned = np.array([part.learned for part in parts], np.int32)
        codes = tf.gather(vectors, [part.begin for part in parts], axis=1)
        places = _places(codes, np.array([_last(part) for part in parts], np.int32))
        found = _rows(self._shared, places, learned, begins=np.cumsum(learned, dtype=np.int32) - learned)
        return tf.reshape(found, [-1, len(parts) * self._width])


def _last(part: Part) -> int:
    """A missing value comes last, where training rows lack some."""
    return len(part.values) + part.buckets


def _places(codes: tf.Tensor, last: Numbers) -> tf.Tensor:
    """Returns which of a column's learned values each is, int32; what is none of them is out of range."""
    codes = tf.cast(codes, tf.int32)
    return tf.where(tf.equal(codes, MISSING), last, codes - FIRST)


def _rows(table: tf.Variable, places: tf.Tensor, learned: Numbers, begins: Numbers = 0) -> tf.Tensor:
    """Returns rows of a table, in which a column's begin somewhere; 0 for places that are out of range."""
    known = (places >= 0) & (places < learned)
    found = tf.gather(table, tf.where(known, places + begins, 0))
    return tf.where(known[..., tf.newaxis], found, 0.0)
