"""Features as the schema has them, and as one value a row."""

from typing import TypeAlias

import tensorflow as tf

FeatureSpec: TypeAlias = tf.io.FixedLenFeature | tf.io.VarLenFeature


def one_a_row(values: tf.Tensor | tf.SparseTensor) -> tf.Tensor:
    """Returns string [batch] for string [batch], [batch, 1] or the sparse tensor of a feature with one value a row."""
    if isinstance(values, tf.SparseTensor):
        values = tf.sparse.to_dense(values, default_value="")
    return tf.reshape(values, [-1])


def raw_feature(values: tf.Tensor, spec: FeatureSpec) -> tf.Tensor | tf.SparseTensor:
    """Does the reverse of `one_a_row`: gives values the form that the transform graph expects of a raw feature.

    Args:
        values: string [batch].
        spec: The feature's entry in `TFTransformOutput.raw_feature_spec()`.

    Returns:
        string [batch], [batch, 1] or sparse [batch, 1].
    """
    if isinstance(spec, tf.io.VarLenFeature):
        return tf.sparse.from_dense(tf.expand_dims(values, 1))
    return tf.reshape(values, [-1, *spec.shape])
