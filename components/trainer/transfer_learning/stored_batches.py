"""Batches of stored values, each epoch in an order and with views of its own."""

import math

import numpy as np
import numpy.typing as npt
import tensorflow as tf

from components.datasets import untuned
from components.trainer.transfer_learning.feature_store import StoredValues
from components.trainer.transfer_learning.features import NamedPhotos


def training_batches(
    values: StoredValues,
    photos: NamedPhotos,
    epochs: range,
    batch_size: int,
    seed: int,
    *,
    drop_remainder: bool,
) -> tf.data.Dataset:
    """Returns the batches of several epochs, one after the other.

    An epoch has one view of each photo. A photo's views take turns, from one of its own on, so that as many epochs as
    there are views go through all. Order and views depend on the seed and the epoch's number: a training that goes on
    has what it would have had.

    Args:
        values: The stored values.
        photos: The photos.
        epochs: Numbers of the epochs, from 0 on.
        batch_size: Photos in a batch.
        seed: Of the order, and of each photo's first view.
        drop_remainder: Whether to leave out an epoch's last batch where it is incomplete.

    Returns:
        Dataset of (values float32 [batch, *shape], class numbers int64 [batch]).
    """
    stored = np.array([values.rows(photos.names, view) for view in range(photos.views)])
    count = len(photos.names)
    first_views = np.random.default_rng(seed).integers(photos.views, size=count)
    rows, class_ids = np.empty((2, len(epochs), count), np.int64)
    for place, epoch in enumerate(epochs):
        order = np.random.default_rng([seed, epoch]).permutation(count)
        rows[place] = stored[(first_views[order] + epoch) % photos.views, order]
        class_ids[place] = photos.class_ids[order]
    return _batches(values, rows, class_ids, batch_size, drop_remainder=drop_remainder)


def validation_batches(values: StoredValues, photos: NamedPhotos, batch_size: int) -> tf.data.Dataset:
    """Returns the photos as they are, in the order of their files."""
    rows = values.rows(photos.names, 0)
    return _batches(values, rows[np.newaxis], photos.class_ids[np.newaxis], batch_size, drop_remainder=False)


def _batches(
    values: StoredValues,
    rows: npt.NDArray[np.int64],
    class_ids: npt.NDArray[np.int64],
    batch_size: int,
    *,
    drop_remainder: bool,
) -> tf.data.Dataset:
    """Batches of rows [epochs, photos], none of which has photos of two epochs."""

    def of_epoch(rows: tf.Tensor, class_ids: tf.Tensor) -> tf.data.Dataset:
        return tf.data.Dataset.from_tensor_slices((rows, class_ids)).batch(batch_size, drop_remainder=drop_remainder)

    def read(rows: tf.Tensor, class_ids: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        found = tf.numpy_function(values.read, [rows], tf.float32, stateful=False)
        return tf.ensure_shape(found, [rows.shape[0], *values.tensor.shape]), class_ids

    options = tf.data.Options()
    # Several workers share the batches out; they aren't in files.
    options.experimental_distribute.auto_shard_policy = tf.data.experimental.AutoShardPolicy.DATA
    count = rows.shape[1] // batch_size if drop_remainder else math.ceil(rows.shape[1] / batch_size)
    dataset = untuned(tf.data.Dataset.from_tensor_slices((rows, class_ids))).flat_map(of_epoch)
    dataset = dataset.apply(tf.data.experimental.assert_cardinality(len(rows) * count))
    return dataset.map(read, num_parallel_calls=tf.data.AUTOTUNE).prefetch(2).with_options(options)
