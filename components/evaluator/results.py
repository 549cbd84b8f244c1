"""Reads TFMA's results."""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import tensorflow_model_analysis as tfma
from google.protobuf import json_format

from components.evaluator.metric_names import EFFECTIVE_COUNT, EXAMPLE_COUNT, MOMENTS
from components.evaluator.residuals import Moments
from components.evaluator.statistics import SliceKey
from components.outcome import ALL_EXAMPLES

DIGITS = 12
"""Of what a slice weighs, as far as which a count is right that is worked out from a rate: the rest is rounding."""


def read_metrics(output_path: str, model_name: str) -> dict[str, dict[str, float | None]]:
    """Returns the single-valued metrics by slice and name; None for one that can't be divided, which is NaN in TFMA.

    Args:
        output_path: Where TFMA wrote them.
        model_name: `tfma.CANDIDATE_KEY` or `tfma.BASELINE_KEY` where two models were evaluated, "" where one was.
    """
    return {
        slice_name(key): {name: value if math.isfinite(value) else None for name, value in values.items()}
        for key, values in read_values(output_path, model_name).items()
    }


def read_values(output_path: str, model_name: str) -> dict[SliceKey, dict[str, float]]:
    """Returns the single-valued metrics by TFMA's key of the slice, and name, as TFMA has them; arguments as above."""
    return {
        tfma.slicer.deserialize_slice_key(found.slice_key): {
            entry.key.name: entry.value.double_value.value
            for entry in found.metric_keys_and_values
            if entry.key.model_name == model_name and entry.value.HasField("double_value") and not entry.key.is_diff
        }
        for found in tfma.load_metrics(output_path)
    }


def read_moments(output_path: str, model_name: str) -> dict[str, Moments]:
    """Returns by slice the sums that intervals are worked out from, where a number is predicted; arguments as above."""
    return {
        slice_name(tfma.slicer.deserialize_slice_key(found.slice_key)): Moments(
            np.array(entry.value.array_value.float64_values).reshape(entry.value.array_value.shape)
        )
        for found in tfma.load_metrics(output_path)
        for entry in found.metric_keys_and_values
        if entry.key.model_name == model_name and entry.key.name == MOMENTS and not entry.key.is_diff
    }


def read_plots(output_path: str, model_name: str) -> dict[str, Mapping[str, Any]]:
    """Returns TFMA's plots, as its own JSON, by slice; arguments as above."""
    return {
        slice_name(tfma.slicer.deserialize_slice_key(found.slice_key)): json_format.MessageToDict(entry.value)
        for found in tfma.load_plots(output_path)
        for entry in found.plot_keys_and_values
        if entry.key.model_name == model_name
    }


def effective_count(metrics: Mapping[str, float | None]) -> float:
    """Returns how many examples of one weight tell as much as those of a slice, of its metrics by name."""
    return metrics.get(EFFECTIVE_COUNT, metrics[EXAMPLE_COUNT]) or 0.0


def confusion_of(
    plots: Mapping[str, Any], metrics: Mapping[str, float | None], classes: int
) -> tuple[tuple[float, ...], ...]:
    """Returns examples by actual class, then by predicted class; () where nothing was plotted.

    Of two classes it is that of the model's own cut, which is seldom among the thresholds that TFMA draws curves of:
    recall and specificity are those of the cut.

    Args:
        plots: Of a slice, as above, by the name of the plot; numbers that are 0 aren't in it.
        metrics: Of the slice, by name.
        classes: How many classes there are.
    """
    matrices = plots.get("confusionMatrixAtThresholds", {}).get("matrices", ())
    if matrices:
        first, second = (
            sum(matrices[0].get(name, 0.0) for name in names)
            for names in (("trueNegatives", "falsePositives"), ("falseNegatives", "truePositives"))
        )
        right = (metrics.get("specificity") or 0.0) * first, (metrics.get("recall") or 0.0) * second
        matrix = (right[0], first - right[0]), (second - right[1], right[1])
        digits = DIGITS - math.ceil(math.log10(first + second or 1.0))
        return tuple(tuple(round(count, digits) for count in row) for row in matrix)
    matrices = plots.get("multiClassConfusionMatrixAtThresholds", {}).get("matrices", ())
    if not matrices:
        return ()
    counts = [[0.0] * classes for _ in range(classes)]
    for entry in matrices[0].get("entries", ()):
        actual, predicted = entry.get("actualClassId", 0), entry.get("predictedClassId", 0)
        if actual >= 0 and predicted >= 0:
            counts[actual][predicted] += entry.get("numWeightedExamples", 0.0)
    return tuple(map(tuple, counts))


def slice_name(key: tuple[tuple[str, object], ...]) -> str:
    """Returns "all examples" or "feature=value"."""
    return ", ".join(f"{feature}={value}" for feature, value in key) or ALL_EXAMPLES
