"""Reads rows from TFRecords through the transform graph, and packs them."""

from collections.abc import Sequence

import numpy as np
import tensorflow as tf
import tensorflow_transform as tft

from components.contract import FEATURES, LABEL
from components.datasets import untuned
from components.errors import TransferlineError
from components.trainer.mlp.packed_rows import PackedRows
from components.transform.labels import UNKNOWN, label_ids
from components.transform.raw_features import to_dense_1d

PARSED_ROWS = 4096
FILES_READ = 4
"""Files that are inflated side by side."""


def load_rows(
    patterns: Sequence[str],
    tft_output: tft.TFTransformOutput,
    class_names: Sequence[str],
    folder: str = "",
    weight: str = "",
) -> PackedRows:
    """Reads a split and packs it: four bytes a number.

    Args:
        patterns: Glob patterns of its TFRecords, GZIP.
        tft_output: The output of the Transform step.
        class_names: The class names, in the order of their numbers.
        folder: Where the packed rows are; "" for where temporary files are.
        weight: The column with each row's weight; "" where there is none.

    Raises:
        TransferlineError: There are no rows, all weigh nothing, or some have a label that no training row has.
    """
    files = sorted(file for pattern in patterns for file in tf.io.gfile.glob(pattern))
    spec = tft_output.raw_feature_spec()
    transform = tft_output.transform_features_layer()

    # The layer is one of tf_keras, whose source AutoGraph would rewrite, which takes seconds.
    @tf.autograph.experimental.do_not_convert
    def parse(serialized: tf.Tensor) -> tf.Tensor:
        raw = tf.io.parse_example(serialized, spec)
        transformed = transform(raw)
        ids = tf.cast(label_ids(transformed[LABEL], class_names), tf.float32)
        weights = [tf.cast(to_dense_1d(raw[weight]), tf.float32)[:, tf.newaxis]] if weight else []
        return tf.concat([transformed[FEATURES], *weights, ids[:, tf.newaxis]], axis=1)

    # Each file has a thread that inflates it; their batches take turns, in an order that is always the same.
    records = untuned(tf.data.Dataset.from_tensor_slices(tf.constant(files, tf.string))).interleave(
        lambda file: tf.data.TFRecordDataset(file, compression_type="GZIP").batch(PARSED_ROWS),
        cycle_length=FILES_READ,
        num_parallel_calls=FILES_READ,
        deterministic=True,
    )
    batches = records.map(parse, num_parallel_calls=tf.data.AUTOTUNE).prefetch(2)
    packed = PackedRows(batches.element_spec.shape[1] - 1 - bool(weight), folder, weighted=bool(weight))
    unknown = 0
    for batch in batches.as_numpy_iterator():
        packed.add(batch)
        unknown += int(np.count_nonzero(batch[:, -1] == UNKNOWN))
    place = ", ".join(patterns)
    if not packed.rows:
        raise TransferlineError("There are no rows to train with or to validate on.", place=place)
    if weight and not any(packed.by_class.values()):
        raise TransferlineError(
            f"All {packed.rows} rows have the weight 0, so that none counts.",
            place=f"data.weight, {place}",
            cure="Correct the weights, or set data.weight to another column.",
        )
    if unknown:
        raise TransferlineError(
            f"{unknown} rows have a label that no training row has.",
            place=place,
            cure="Correct these labels, or have rows of each class in the training split.",
        )
    return packed
