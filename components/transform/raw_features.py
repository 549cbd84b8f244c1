"""Converts features between the form that the schema gives them and one value per row."""

from typing import TypeAlias

import tensorflow as tf

FeatureSpec: TypeAlias = tf.io.FixedLenFeature | tf.io.VarLenFeature


def to_dense_1d(values: tf.Tensor | tf.SparseTensor) -> tf.Tensor:
    """Returns string [batch] for string [batch], [batch, 1] or the sparse tensor of a feature with one value a row."""
    if isinstance(values, tf.SparseTensor):
        values = tf.sparse.to_dense(values, default_value="")
    return tf.reshape(values, [-1])


def raw_feature(values: tf.Tensor, spec: FeatureSpec) -> tf.Tensor | tf.SparseTensor:
    """Does the reverse of `to_dense_1d`: gives values the form that the transform graph expects of a raw feature.

    Args:
        values: string [batch], or numbers [batch], of which NaN is a missing one.
        spec: The feature's entry in `TFTransformOutput.raw_feature_spec()`.

    Returns:
        [batch], [batch, 1] or sparse [batch, 1], of the feature's own type.
    """
    if isinstance(spec, tf.io.VarLenFeature):
        present = tf.not_equal(values, "") if spec.dtype == tf.string else tf.logical_not(tf.math.is_nan(values))
        rows = tf.where(present)
        indices = tf.concat([rows, tf.zeros_like(rows)], axis=1)
        return tf.SparseTensor(indices, tf.cast(values[present], spec.dtype), [tf.size(values, tf.int64), 1])
    values = tf.cast(values, spec.dtype)
    return tf.reshape(values, [-1, *spec.shape])
