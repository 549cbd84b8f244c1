"""Converts features between the form that the schema gives them and one value per row."""

from typing import TypeAlias

import tensorflow as tf

FeatureSpec: TypeAlias = tf.io.FixedLenFeature | tf.io.VarLenFeature


NO_NUMBER = tf.int64.min
"""Stands for a missing whole number."""

BLANKS = r"[\s\x0b\x1c-\x1f\x{85}\pZ]*"
"""A text of blanks alone, or of nothing: what `str.strip` and Arrow's `utf8_trim_whitespace` leave nothing of."""


def is_missing(values: tf.Tensor) -> tf.Tensor:
    """Returns which values stand for none: texts of `BLANKS`, NaN or `NO_NUMBER`."""
    if values.dtype == tf.string:
        return tf.strings.regex_full_match(values, BLANKS)
    return tf.math.is_nan(values) if values.dtype.is_floating else tf.equal(values, NO_NUMBER)


def to_dense_1d(values: tf.Tensor | tf.SparseTensor) -> tf.Tensor:
    """Returns string [batch] for string [batch], [batch, 1] or the sparse tensor of a feature with one value a row."""
    return dense(values, "")


def dense(values: tf.Tensor | tf.SparseTensor, otherwise: object) -> tf.Tensor:
    """Returns [batch] for [batch], [batch, 1] or the sparse tensor of a feature with one value a row.

    Args:
        values: The feature. Where no row of a batch has a value, the parser makes it sparse [batch, 0].
        otherwise: What stands for a missing value.
    """
    if isinstance(values, tf.SparseTensor):
        values = tf.SparseTensor(values.indices, values.values, [values.dense_shape[0], 1])
        values = tf.sparse.to_dense(values, default_value=otherwise)
    return tf.reshape(values, [-1])


def raw_feature(values: tf.Tensor, spec: FeatureSpec) -> tf.Tensor | tf.SparseTensor:
    """Does the reverse of `to_dense_1d`: gives values the form that the transform graph expects of a raw feature.

    Args:
        values: string [batch], of which `BLANKS` is a missing one; float [batch], of which NaN is; or int64 [batch], of
            which `NO_NUMBER` is.
        spec: The feature's entry in `TFTransformOutput.raw_feature_spec()`.

    Returns:
        [batch], [batch, 1] or sparse [batch, 1], of the feature's own type.
    """
    if spec.dtype == tf.int64 and values.dtype.is_floating:
        values = tf.where(tf.math.is_nan(values), NO_NUMBER, tf.cast(values, tf.int64))
    if isinstance(spec, tf.io.VarLenFeature):
        present = tf.logical_not(is_missing(values))
        rows = tf.where(present)
        indices = tf.concat([rows, tf.zeros_like(rows)], axis=1)
        return tf.SparseTensor(indices, tf.cast(values[present], spec.dtype), [tf.size(values, tf.int64), 1])
    values = tf.cast(values, spec.dtype)
    return tf.reshape(values, [-1, *spec.shape])
