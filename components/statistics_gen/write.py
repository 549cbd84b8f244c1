"""Writes the statistics of a split.

Apart from the executor, since a worker imports the module of each function that it is sent, and the executor's has TFX.
"""

import os
from collections.abc import Mapping

import tensorflow as tf
from tensorflow_metadata.proto.v0.statistics_pb2 import DatasetFeatureStatisticsList

from components.ingest.record_counts import Read, lost, write_read


def write(given: tuple[str, tuple[Read, DatasetFeatureStatisticsList]], files: Mapping[str, str]) -> None:
    """Writes what was found in a split to its file, and beside it what was read.

    Args:
        given: The split, what was read of it, and its statistics.
        files: By split.

    Raises:
        TransferlineError: The statistics aren't of all that was read.
    """
    split, (read, found) = given
    folder = os.path.dirname(files[split])
    if (examples := sum(dataset.num_examples for dataset in found.datasets)) != sum(read.values()):
        raise lost(f"{sum(read.values())} examples were read, the statistics are of {examples}", folder)
    tf.io.gfile.makedirs(folder)
    with tf.io.gfile.GFile(files[split], "wb") as file:
        file.write(found.SerializeToString())
    write_read(read, folder)
