"""Fills up the last batch of a split, where a strategy needs all batches to have one shape."""

import math

import tensorflow as tf


def full_batches(batches: tf.data.Dataset, batch_size: int, examples: int) -> tf.data.Dataset:
    """Returns batches of one shape: places that are missing in the last one are zeros, which weigh nothing.

    Keras divides a loss by all places of a batch, whatever they weigh. So an example weighs a little more than 1, all
    places by all examples: then the loss over all batches is the mean over the examples, as without padding.

    Args:
        batches: Of (inputs float32 [up to batch_size, *shape], class numbers int64 [up to batch_size]).
        batch_size: Places of a batch.
        examples: Examples in all batches.

    Returns:
        Dataset of (inputs [batch_size, *shape], class numbers [batch_size], weights float32 [batch_size]).
    """
    weight = math.ceil(examples / batch_size) * batch_size / examples

    def filled(inputs: tf.Tensor, ids: tf.Tensor) -> tuple[tf.Tensor, ...]:
        count = tf.shape(ids)[0]
        weights = tf.fill([count], tf.constant(weight, tf.float32))
        return tuple(_filled(each, batch_size - count, batch_size) for each in (inputs, ids, weights))

    return batches.map(filled, num_parallel_calls=tf.data.AUTOTUNE)


def _filled(values: tf.Tensor, missing: tf.Tensor, batch_size: int) -> tf.Tensor:
    padding = tf.concat([[[0, missing]], tf.zeros([values.shape.rank - 1, 2], tf.int32)], axis=0)
    return tf.ensure_shape(tf.pad(values, padding), [batch_size, *values.shape[1:]])
