"""Turns what TensorFlow parsed of tf.Examples into Arrow's columns, as tfx_bsl makes them."""

import numpy as np
import tensorflow as tf

from components.arrow import pa

TYPES = {pa.float32(): tf.float32, pa.int64(): tf.int64, pa.large_binary(): tf.string}


def list_array(found: tf.RaggedTensor, kind: pa.DataType) -> pa.Array:
    """A ragged tensor as lists of values; an example without any has none instead of an empty list, as in tfx_bsl."""
    splits = found.row_splits.numpy()
    values = pa.array(found.flat_values.numpy(), kind.value_type)
    missing = splits[1:] == splits[:-1]
    # Arrow takes a null offset for a list that isn't there.
    offsets = pa.array(splits, pa.int64(), mask=np.append(missing, False)) if missing.any() else pa.array(splits)
    return pa.LargeListArray.from_arrays(offsets, values)
