"""Chooses the model that a candidate is held against."""

import json
import os
from collections.abc import Sequence
from typing import Any

import tensorflow as tf
from tfx import types
from tfx.utils import path_utils

from components.evaluator.predicted import Classes, read_predicted
from components.outcome import NOT_COMPARED
from components.wording import listed

INPUTS_FILE = os.path.join("assets.extra", "inputs.json")
NOTHING = Classes(())
"""What is predicted where there is no model."""


def choose_baseline(candidate: types.Artifact, others: Sequence[types.Artifact]) -> tuple[types.Artifact | None, str]:
    """Returns the first model that takes the candidate's examples and predicts the same.

    Args:
        candidate: The model that is evaluated.
        others: What may be compared with it; a folder without a model is none.

    Returns:
        The model, or None with a sentence that says why it isn't one of the others; "" where there are none.
    """
    reason = ""
    for other in others:
        folder = path_utils.serving_model_path(other.uri)
        if read_predicted(folder) == NOTHING:
            continue
        reason = _why_not(path_utils.serving_model_path(candidate.uri), folder)
        if not reason:
            return other, ""
    return None, f"{NOT_COMPARED} {reason}." if reason else ""


def _why_not(candidate: str, other: str) -> str:
    """What another SavedModel does that doesn't compare; "" where it does."""
    if not read_predicted(candidate).compares_with(read_predicted(other)):
        return "predicts something else"
    before, now = _column_types(other), _column_types(candidate)
    changed = [name for name, kind in now.items() if before.get(name, kind) != kind]
    return f"takes columns of other types than the data has now: {listed(changed)}" if changed else ""


def _column_types(folder: str) -> dict[str, Any]:
    """The types that a SavedModel of rows says its columns have; older ones, and those of photos, say nothing."""
    path = os.path.join(folder, INPUTS_FILE)
    if not tf.io.gfile.exists(path):
        return {}
    with tf.io.gfile.GFile(path) as file:
        return {name: each["type"] for name, each in json.loads(file.read()).items()}
