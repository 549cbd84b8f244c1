"""Counts the numbers that a network is given, of all columns together, as one looks whether they need scaling."""

from collections.abc import Sequence

import numpy as np
import tensorflow as tf

from components.contract import FEATURES
from components.loaded_models import load_model
from components.report.examples import batches_of
from components.report.review import HistogramBar, PooledValues

ROWS, BINS = 1_000, 101
"""As in TensorFlow's tutorial "Overfit and underfit"."""

OF_NUMBERS_ALONE = "rows"
"""The signature that a model has where all its columns are numbers."""


def pool_values(files: Sequence[str], model_path: str) -> PooledValues | None:
    """Returns the histogram of what Transform makes of the first training rows.

    Args:
        files: Gzipped TFRecord files of the training split.
        model_path: The SavedModel.

    Returns:
        None for photos, and for rows that aren't numbers alone: a code of a category is no amount.
    """
    signatures = load_model(model_path).signatures
    records = next(batches_of(files, ROWS, ROWS), [])
    if OF_NUMBERS_ALONE not in signatures or not records:
        return None
    values = signatures["transform_features"](examples=tf.constant(records))[FEATURES].numpy()
    finite = values[np.isfinite(values)]
    if not finite.size:
        return None
    counts, edges = np.histogram(finite.astype(np.float64), BINS)
    bars = zip(edges[:-1].tolist(), edges[1:].tolist(), counts.tolist(), strict=True)
    return PooledValues(
        rows=len(records), bars=tuple(HistogramBar(low=low, high=high, count=count) for low, high, count in bars)
    )
