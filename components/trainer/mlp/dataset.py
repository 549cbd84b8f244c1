"""Reads rows from TFRecords through the transform graph, and packs them in memory."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import tensorflow as tf
import tensorflow_transform as tft

from components.contract import FEATURES, LABEL
from components.errors import TransferlineError
from components.transform.labels import UNKNOWN, label_ids

PARSED_ROWS = 4096


class PackedRows(NamedTuple):
    """One split.

    Attributes:
        features: float32 [rows, columns].
        ids: Class numbers, int64 [rows].
    """

    features: npt.NDArray[np.float32]
    ids: npt.NDArray[np.int64]


def load_rows(patterns: Sequence[str], tft_output: tft.TFTransformOutput, class_names: Sequence[str]) -> PackedRows:
    """Reads a split into memory: four bytes a number.

    Args:
        patterns: Glob patterns of its TFRecords, GZIP.
        tft_output: The output of the Transform step.
        class_names: The class names, in the order of their numbers.

    Raises:
        TransferlineError: There are no rows, or some have a label that no training row has.
    """
    files = sorted(file for pattern in patterns for file in tf.io.gfile.glob(pattern))
    spec = tft_output.raw_feature_spec()
    transform = tft_output.transform_features_layer()

    # The layer is one of tf_keras, whose source AutoGraph would rewrite, which takes seconds.
    @tf.autograph.experimental.do_not_convert
    def parse(serialized: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        transformed = transform(tf.io.parse_example(serialized, spec))
        return transformed[FEATURES], label_ids(transformed[LABEL], class_names)

    records = tf.data.TFRecordDataset(files, compression_type="GZIP").batch(PARSED_ROWS)
    parts = list(records.map(parse, num_parallel_calls=tf.data.AUTOTUNE).as_numpy_iterator())
    place = ", ".join(patterns)
    if not parts:
        raise TransferlineError("There are no rows to train with or to validate on.", place=place)
    rows = PackedRows(np.concatenate([part[0] for part in parts]), np.concatenate([part[1] for part in parts]))
    unknown = int(np.count_nonzero(rows.ids == UNKNOWN))
    if unknown:
        raise TransferlineError(
            f"{unknown} rows have a label that no training row has.",
            place=place,
            cure="Correct these labels, or have rows of each class in the training split.",
        )
    return rows
