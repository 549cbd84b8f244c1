"""Chooses the model that a candidate is held against."""

import json
import os
from collections.abc import Mapping, Sequence

import tensorflow as tf
from tfx import types
from tfx.utils import path_utils

from components.datasets import untuned
from components.evaluator.predicted import Classes, read_predicted
from components.outcome import NOT_COMPARED
from components.wording import listed

INPUTS_FILE = os.path.join("assets.extra", "inputs.json")
NOTHING = Classes(())
"""What is predicted where there is no model."""

STORED = {"float": tf.float32, "int": tf.int64, "date": tf.int64, "string": tf.string}
"""As what the examples hold values of each type."""

ROWS_PER_BATCH = 8192


def choose_baseline(
    candidate: types.Artifact, others: Sequence[types.Artifact], files: Sequence[str]
) -> tuple[types.Artifact | None, str]:
    """Returns the first model that takes the candidate's examples and predicts the same.

    Args:
        candidate: The model that is evaluated.
        others: What may be compared with it; a folder without a model is none.
        files: With the examples.

    Returns:
        The model, or None with a sentence that says why it isn't one of the others; "" where there are none.
    """
    reason = ""
    for other in others:
        folder = path_utils.serving_model_path(other.uri)
        if read_predicted(folder) == NOTHING:
            continue
        reason = _why_not(path_utils.serving_model_path(candidate.uri), folder, files)
        if not reason:
            return other, ""
    return None, f"{NOT_COMPARED} {reason}." if reason else ""


def _why_not(candidate: str, other: str, files: Sequence[str]) -> str:
    """What another SavedModel does that doesn't compare; "" where it does."""
    if not read_predicted(candidate).compares_with(read_predicted(other)):
        return "predicts something else"
    before, now = _column_types(other), _column_types(candidate)
    # Of what the candidate doesn't learn from, it doesn't say what it is now.
    changed = _stored_otherwise({name: STORED[kind] for name, kind in before.items() if name not in now}, files)
    changed |= {name for name in before.keys() & now.keys() if before[name] != now[name]}
    return f"takes columns of other types than the data has now: {listed(sorted(changed))}" if changed else ""


def _stored_otherwise(columns: Mapping[str, tf.DType], files: Sequence[str]) -> set[str]:
    """Which columns have values of another type in some examples; nothing is read where there are no columns."""
    alike = {name: tf.io.VarLenFeature(kind) for name, kind in columns.items()}
    batches = untuned(tf.data.TFRecordDataset(files, "GZIP")).batch(ROWS_PER_BATCH) if columns else ()
    for examples in batches:
        if not _parse(examples, alike):
            alike = {name: spec for name, spec in alike.items() if _parse(examples, {name: spec})}
    return columns.keys() - alike.keys()


def _parse(examples: tf.Tensor, columns: Mapping[str, tf.io.VarLenFeature]) -> bool:
    """Whether all values of these columns are of the types that are asked for; of no columns they are."""
    try:
        if columns:
            tf.io.parse_example(examples, columns)
    except tf.errors.InvalidArgumentError:
        return False
    return True


def _column_types(folder: str) -> dict[str, str]:
    """The types that a SavedModel of rows says its columns have; older ones, and those of photos, say nothing."""
    path = os.path.join(folder, INPUTS_FILE)
    if not tf.io.gfile.exists(path):
        return {}
    with tf.io.gfile.GFile(path) as file:
        return {name: each["type"] for name, each in json.loads(file.read()).items()}
