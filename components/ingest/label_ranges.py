"""Finds from where to where the labels of each split go, where they are numbers to predict."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np
import tensorflow as tf

from components.arrow import pa, pc
from components.contract import LABEL
from components.datasets import untuned
from components.ingest.record_files import files_of_split
from components.ingest.report import LabelRange
from components.wording import natural_key

READ_AT_ONCE = 4096


def range_of(labels: pa.Array, place_of: Callable[[int], str]) -> LabelRange:
    """Returns the range of some labels.

    Args:
        labels: float32 [rows], one or more.
        place_of: Says where the row of a number from 0 on is.
    """
    low, high = (pc.index(labels, bound).as_py() for bound in pc.min_max(labels).values())
    return LabelRange(
        lowest=labels[low].as_py(),
        highest=labels[high].as_py(),
        lowest_place=place_of(low),
        highest_place=place_of(high),
    )


def together(ranges: Iterable[LabelRange]) -> LabelRange:
    """Returns the range of all; of two rows with the same label, the one that comes first in the files is named."""
    every = list(ranges)
    low = min(every, key=lambda each: (each.lowest, natural_key(each.lowest_place)))
    high = min(every, key=lambda each: (-each.highest, natural_key(each.highest_place)))
    return LabelRange(
        lowest=low.lowest,
        lowest_place=low.lowest_place,
        highest=high.highest,
        highest_place=high.highest_place,
    )


def with_outside(ranges: Mapping[str, LabelRange], split_folders: Mapping[str, str]) -> dict[str, LabelRange]:
    """Counts the labels that lie outside of those of the training split.

    Only where there are any are the records read for it.

    Args:
        ranges: By split, in any order.
        split_folders: The folder of each split's records; the result is in their order.
    """
    ordered = {split: ranges[split] for split in split_folders if split in ranges}
    train = ranges.get("train")
    if train is None:
        return ordered
    return {
        split: found.model_copy(update={"outside": _outside(split_folders[split], train)})
        if found.lowest < train.lowest or found.highest > train.highest
        else found
        for split, found in ordered.items()
    }


def _outside(folder: str, train: LabelRange) -> int:
    files = files_of_split(folder)
    spec = {LABEL: tf.io.FixedLenFeature([], tf.float32)}
    low, high = np.float32(train.lowest), np.float32(train.highest)

    def add(count: tf.Tensor, records: tf.Tensor) -> tf.Tensor:
        labels = tf.io.parse_example(records, spec)[LABEL]
        return count + tf.math.count_nonzero((labels < low) | (labels > high))

    records: Any = untuned(tf.data.TFRecordDataset(files, compression_type="GZIP").batch(READ_AT_ONCE))
    return int(records.reduce(np.int64(0), add))
