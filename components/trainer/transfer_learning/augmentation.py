"""Changes training photos at random, with operations that XLA can compile, as a TPU needs."""

import math

import tensorflow as tf
import tf_keras as keras


class RandomRotation(keras.layers.Layer):
    """Turns each training photo about its centre by an angle of its own; passes others on unchanged.

    Does what Keras's layer of this name does, whose operation XLA doesn't know. What is turned into a photo from beyond
    its edges is its mirror image there.

    Args:
        fraction: Angles are drawn from minus to plus this fraction of a full turn.
        seed: Of the angles; every replica has a stream of its own.
    """

    def __init__(self, fraction: float, seed: int) -> None:
        super().__init__(dtype="float32")
        self._largest = 2 * math.pi * fraction
        self._random = tf.random.Generator.from_seed(seed)

    def call(self, photos: tf.Tensor, training: bool = False) -> tf.Tensor:
        """Returns photos like those given, float32 [batch, height, width, channels]."""
        if not training:
            return photos
        return rotated(photos, self._random.uniform([tf.shape(photos)[0]], -self._largest, self._largest))


# Compiled everywhere: it then takes half the time of Keras's operation, and otherwise twice.
@tf.function(jit_compile=True, autograph=False)
def rotated(photos: tf.Tensor, angles: tf.Tensor) -> tf.Tensor:
    """Turns photos about their centres, with bilinear interpolation.

    Args:
        photos: float32 [batch, height, width, channels].
        angles: In radians, float32 [batch]; positive ones turn counterclockwise.
    """
    height, width, channels = photos.shape[1:]
    below, right = tf.meshgrid(_from_centre(height), _from_centre(width), indexing="ij")
    cosine, sine = tf.cos(angles)[:, tf.newaxis, tf.newaxis], tf.sin(angles)[:, tf.newaxis, tf.newaxis]
    row = _mirrored(cosine * below + sine * right + (height - 1) / 2, height)
    column = _mirrored(cosine * right - sine * below + (width - 1) / 2, width)
    top, left = tf.cast(row, tf.int32), tf.cast(column, tf.int32)
    bottom, beside = tf.minimum(top + 1, height - 1), tf.minimum(left + 1, width - 1)
    pixels = tf.reshape(photos, [-1, height * width, channels])

    def at(rows: tf.Tensor, columns: tf.Tensor) -> tf.Tensor:
        return tf.gather(pixels, rows * width + columns, batch_dims=1)

    lower, farther = (row - tf.floor(row))[..., tf.newaxis], (column - tf.floor(column))[..., tf.newaxis]
    upper_line = at(top, left) * (1 - farther) + at(top, beside) * farther
    lower_line = at(bottom, left) * (1 - farther) + at(bottom, beside) * farther
    return upper_line * (1 - lower) + lower_line * lower


def _from_centre(length: int) -> tf.Tensor:
    return tf.range(length, dtype=tf.float32) - (length - 1) / 2


def _mirrored(places: tf.Tensor, length: int) -> tf.Tensor:
    """Brings places beyond an edge back by reflection, the pixel at the edge twice."""
    places = tf.where(places < 0, -places - 1, places)
    places = tf.where(places >= length, 2 * length - 1 - places, places)
    return tf.clip_by_value(places, 0.0, length - 1.0)
