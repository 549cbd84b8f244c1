"""Defines `preprocessing_fn` for rows: it packs the columns into one vector."""

from collections.abc import Mapping
from typing import Any, TypeAlias, TypeVar

import tensorflow as tf
import tensorflow_transform as tft

from components.contract import FEATURES, LABEL, RAW
from components.errors import TransferlineError
from components.transform.config import CountPositive, Quantiles, RowTransform
from components.transform.raw_features import to_dense_1d

RawFeature: TypeAlias = tf.Tensor | tf.SparseTensor
Column = TypeVar("Column")

WEIGHT = "weight"
"""In what a step is told: the name of the column with each row's weight."""


def preprocessing_fn(inputs: Mapping[str, RawFeature], custom_config: Mapping[str, Any]) -> dict[str, tf.Tensor]:
    """Packs the columns, standardises the vector and makes the slices.

    One analyser looks at the whole vector, where one a column would take several times as long. It passes over NaN,
    which stands for a missing value until the mean does. No analyser needs what another found: for that TFT copies what
    it reads, in a way that Beam no longer allows.

    Args:
        inputs: Raw features as the schema has them: numbers, float32 or int64, [batch, 1] or sparse where a value may
            be missing, and the label, string.
        custom_config: `{"transform": a RowTransform as a mapping}`, perhaps with "weight": the column with each row's
            weight, which isn't learned from.

    Returns:
        `features`: float32 [batch, columns]; `raw`: the same as it came, NaN for a missing value; `label`: string
        [batch]; each slice: int64 [batch].
    """
    settings = RowTransform.model_validate(custom_config["transform"])
    inputs = without_weight(inputs, custom_config)
    names = feature_names(inputs, settings)
    packed = raw = tf.stack([_number(inputs[name]) for name in names], axis=1)
    if settings.standardize:
        packed = _without_nan(tft.scale_to_z_score(packed, elementwise=True), 0.0)
    elif any(isinstance(inputs[name], tf.SparseTensor) for name in names):
        packed = _without_nan(packed, tft.mean(packed, reduce_instance_dims=False))
    slices = {name: _slice(inputs, slice_by) for name, slice_by in settings.slices.items()}
    return {FEATURES: packed, RAW: raw, LABEL: to_dense_1d(inputs[LABEL]), **slices}


def without_weight(columns: Mapping[str, Column], custom_config: Mapping[str, Any]) -> dict[str, Column]:
    """Returns the columns but for the one with each row's weight, which is in records and no feature."""
    return {name: column for name, column in columns.items() if name != custom_config.get(WEIGHT)}


def feature_names(columns: Mapping[str, Any], settings: RowTransform) -> tuple[str, ...]:
    """Returns the columns that are packed, in their order.

    Args:
        columns: Tensors, or entries of a raw feature spec, by name.
        settings: The user's.

    Raises:
        TransferlineError: A column isn't there or isn't of numbers, or none is.
    """
    numbers = sorted(name for name, column in columns.items() if column.dtype != tf.string)
    unknown = [name for name in settings.features if name not in numbers]
    if unknown or not numbers:
        raise TransferlineError(
            f"There is no column of numbers '{unknown[0]}'." if unknown else "There is no column of numbers.",
            place="transform.features",
            cure=f"Use columns of {', '.join(numbers)}." if numbers else "Check data.path and data.types.",
        )
    return settings.features or tuple(numbers)


def _number(values: RawFeature) -> tf.Tensor:
    """Returns float32 [batch], NaN for a missing value."""
    if not isinstance(values, tf.SparseTensor):
        return tf.reshape(tf.cast(values, tf.float32), [-1])
    values = tf.SparseTensor(values.indices, tf.cast(values.values, tf.float32), [values.dense_shape[0], 1])
    return tf.reshape(tf.sparse.to_dense(values, default_value=float("nan")), [-1])


def _without_nan(values: tf.Tensor, instead: tf.Tensor | float) -> tf.Tensor:
    return tf.where(tf.math.is_nan(values), instead, values)


def _slice(inputs: Mapping[str, RawFeature], slice_by: Quantiles | CountPositive) -> tf.Tensor:
    if isinstance(slice_by, Quantiles):
        return _bucket(inputs[slice_by.column], slice_by.buckets)
    return tf.add_n([tf.cast(_number(inputs[name]) > 0, tf.int64) for name in slice_by.columns])


def _bucket(values: RawFeature, buckets: int) -> tf.Tensor:
    """Returns int64 [batch], from 1 on; 0 for a missing value."""
    if not isinstance(values, tf.SparseTensor):
        return tft.bucketize(_number(values), buckets) + 1
    values = tf.SparseTensor(values.indices, tf.cast(values.values, tf.float32), [values.dense_shape[0], 1])
    return tf.reshape(tf.sparse.to_dense(tft.bucketize(values, buckets), default_value=-1), [-1]) + 1
