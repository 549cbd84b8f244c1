"""Reads stored rows through the transform graph, for all who learn from them."""

from collections.abc import Sequence

import tensorflow as tf
import tensorflow_transform as tft

from components.contract import LABEL
from components.datasets import untuned
from components.ingest.record_files import record_files
from components.transform.labels import label_ids
from components.transform.raw_features import to_dense_1d

PARSED_ROWS = 4096
FILES_READ = 4
"""Files that are inflated side by side."""


def transformed_rows(
    patterns: Sequence[str],
    tft_output: tft.TFTransformOutput,
    class_names: Sequence[str],
    vectors: Sequence[str],
    *,
    weight: str = "",
    share: float = 1.0,
    seed: int = 0,
) -> tf.data.Dataset:
    """Returns batches of rows, in an order that is always the same.

    Args:
        patterns: The files, as `record_files` takes them.
        tft_output: The output of the Transform step.
        class_names: The class names, in the order of their numbers; none where the label is a number to predict.
        vectors: The outputs of Transform that are wanted, such as `features`.
        weight: The column with each row's weight; "" where there is none.
        share: Of the rows, about so many are drawn before they are parsed.
        seed: Of the drawing.

    Returns:
        Of each vector float32 [rows, width]: its columns, the row's weight where rows have one, and the label: the
        class number, `UNKNOWN` for one that isn't among the class names, or the number to predict.
    """
    files = record_files(patterns)
    spec = tft_output.raw_feature_spec()
    transform = tft_output.transform_features_layer()

    def drawn(number: tf.Tensor, serialized: tf.Tensor) -> tf.Tensor:
        if share >= 1:
            return serialized
        chances = tf.random.stateless_uniform(tf.shape(serialized), tf.stack([tf.cast(seed, tf.int64), number]))
        return tf.boolean_mask(serialized, chances < share)

    # The layer is one of tf_keras, whose source AutoGraph would rewrite, which takes seconds.
    @tf.autograph.experimental.do_not_convert
    def parse(number: tf.Tensor, serialized: tf.Tensor) -> tuple[tf.Tensor, ...]:
        raw = tf.io.parse_example(drawn(number, serialized), spec)
        transformed = transform(raw)
        weights = [to_dense_1d(raw[weight])] if weight else []
        label = label_ids(transformed[LABEL], class_names) if class_names else transformed[LABEL]
        last = [tf.cast(each, tf.float32)[:, tf.newaxis] for each in (*weights, label)]
        return tuple(tf.concat([transformed[vector], *last], axis=1) for vector in vectors)

    # Each file has a thread that inflates it; their batches take turns.
    records = untuned(tf.data.Dataset.from_tensor_slices(tf.constant(files, tf.string))).interleave(
        lambda file: tf.data.TFRecordDataset(file, compression_type="GZIP").batch(PARSED_ROWS),
        cycle_length=FILES_READ,
        num_parallel_calls=FILES_READ,
        deterministic=True,
    )
    return records.enumerate().map(parse, num_parallel_calls=tf.data.AUTOTUNE).prefetch(2)
