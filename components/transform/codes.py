"""Gives each value of a column its code, in the graph.

The vocabulary is a constant of the graph, which is searched by halves, fourteen times of ten thousand values: there is
no table to initialise and no asset to find wherever the graph is loaded.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import tensorflow as tf

from components.transform.raw_features import is_missing
from components.transform.vector import FIRST, MISSING, UNSEEN

HASHES = 2**63 - 1
"""Different hashes of a text: as many as TensorFlow gives."""


def codes_of(values: tf.Tensor, vocabulary: Sequence[str], buckets: int) -> tf.Tensor:
    """Returns the codes of values.

    Args:
        values: [batch] of string, int64 or float32; see `is_missing`.
        vocabulary: Values as text, the first of which has the code `FIRST`.
        buckets: Codes after those, for all other values by their hash; 0 makes them `UNSEEN`.

    Returns:
        int64 [batch].
    """
    codes = tf.fill(tf.shape(values), tf.constant(UNSEEN, tf.int64))
    if buckets:
        texts = values if values.dtype == tf.string else tf.strings.as_string(values)
        codes = FIRST + len(vocabulary) + tf.strings.to_hash_bucket_fast(texts, buckets)
    if vocabulary:
        known, numbers = _found(values, vocabulary)
        codes = tf.where(known, FIRST + numbers, codes)
    return tf.where(is_missing(values), tf.constant(MISSING, tf.int64), codes)


def _found(values: tf.Tensor, vocabulary: Sequence[str]) -> tuple[tf.Tensor, tf.Tensor]:
    """Returns which values are in the vocabulary, bool [batch], and their places, int64 [batch]."""
    entries = np.array([each.encode() for each in vocabulary], object) if values.dtype == tf.string else None
    if entries is None:
        entries = np.array(vocabulary).astype(values.dtype.as_numpy_dtype)
    keys = _keys(entries)
    order = np.argsort(keys, kind="stable")
    at = tf.searchsorted(tf.constant(keys[order]), _hashes(values))
    at = tf.minimum(at, len(order) - 1)
    # Of two texts with one hash, only one would be found: it takes billions of them for that to be likely.
    known = tf.equal(tf.gather(tf.constant(entries[order], values.dtype), at), values)
    return known, tf.gather(tf.constant(order, tf.int64), at)


def _hashes(values: tf.Tensor) -> tf.Tensor:
    """What is searched for: a number, or a text's hash; texts themselves have no order in TensorFlow."""
    return tf.strings.to_hash_bucket_fast(values, HASHES) if values.dtype == tf.string else values


def _keys(entries: npt.NDArray[Any]) -> npt.NDArray[Any]:
    with tf.init_scope():  # now, and not in the graph
        return np.asarray(_hashes(tf.constant(entries.tolist())).numpy()) if entries.dtype == object else entries
