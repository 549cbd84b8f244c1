"""Reads TFMA's results."""

import math
from collections.abc import Mapping
from typing import Any

import tensorflow_model_analysis as tfma

ALL_EXAMPLES = "all examples"


def read_metrics(output_path: str, model_name: str) -> dict[str, dict[str, float | None]]:
    """Returns the single-valued metrics by slice and name; None for one that can't be divided, which is NaN in TFMA.

    Args:
        output_path: Where TFMA wrote them.
        model_name: `tfma.CANDIDATE_KEY` or `tfma.BASELINE_KEY` where two models were evaluated, "" where one was.
    """
    result = tfma.load_eval_result(output_path, model_name=model_name)
    return {
        slice_name(key): {
            name: _finite(found["doubleValue"])
            for name, found in outputs[""][""].items()
            if "doubleValue" in found and not name.endswith("_diff")
        }
        for key, outputs in result.slicing_metrics
    }


def read_plots(output_path: str, model_name: str) -> dict[str, Mapping[str, Any]]:
    """Returns TFMA's plots, as its own JSON, by slice; arguments as above."""
    result = tfma.load_eval_result(output_path, model_name=model_name)
    return {slice_name(key): outputs[""][""] for key, outputs in result.plots or ()}


def slice_name(key: tuple[tuple[str, object], ...]) -> str:
    """Returns "all examples" or "feature=value"."""
    return ", ".join(f"{feature}={value}" for feature, value in key) or ALL_EXAMPLES


def _finite(value: float | str) -> float | None:
    number = float(value)
    return number if math.isfinite(number) else None
