"""Reads the rows that the yardstick is fitted on and measured on."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import tensorflow_transform as tft

from components.contract import FEATURES, RAW
from components.transform.labels import UNKNOWN
from components.transform.stored_rows import transformed_rows
from components.transform.vector import VectorLayout

Numbers: TypeAlias = npt.NDArray[np.float32]

MORE = 1.05
"""So many times the wanted rows are drawn, each by itself, and then as many of these as are wanted."""


@dataclass(frozen=True)
class Vectors:
    """Rows as Transform makes them.

    Attributes:
        features: float32 [rows, width]: as a network takes them, holes filled.
        raw: float32 [rows, columns]: as they came, NaN for a hole.
        labels: int64 [rows]: the class numbers; or float64 [rows]: the numbers to predict.
        weights: float32 [rows]: how much each counts; None for 1.
    """

    features: Numbers
    raw: Numbers
    labels: npt.NDArray[np.int64] | npt.NDArray[np.float64]
    weights: Numbers | None = None


@dataclass(frozen=True)
class Codes:
    """Which columns hold codes of categories.

    Attributes:
        features: Of `Vectors.features`.
        raw: Of `Vectors.raw`.
    """

    features: tuple[int, ...] = ()
    raw: tuple[int, ...] = ()


def codes_of(layout: VectorLayout | None) -> Codes:
    """Returns where codes are in the vectors; an output of Transform without a layout has numbers only."""
    if layout is None:
        return Codes()
    return Codes(
        features=tuple(part.begin for part in layout.coded),
        raw=tuple(at for at, column in enumerate(layout.raw) if column.categories),
    )


@dataclass(frozen=True)
class Sample:
    """How many rows of a split are wanted.

    Attributes:
        rows: At most.
        total: That there are.
        seed: Of the drawing.
    """

    rows: int
    total: int
    seed: int


def read_vectors(
    patterns: Sequence[str],
    tft_output: tft.TFTransformOutput,
    names: Sequence[str],
    sample: Sample | None = None,
    weight: str = "",
) -> Vectors:
    """Reads a split, or a sample of it.

    Args:
        patterns: Its files, as `record_files` takes them.
        tft_output: The output of the Transform step.
        names: The class names; none where the label is a number to predict.
        sample: None for all rows.
        weight: The column with each row's weight; "" where there is none.
    """
    share, seed = (1.0, 0) if sample is None else (MORE * sample.rows / sample.total, sample.seed)
    batches = transformed_rows(patterns, tft_output, names, (FEATURES, RAW), weight=weight, share=share, seed=seed)
    features, raw = (np.concatenate(vectors) for vectors in zip(*batches.as_numpy_iterator(), strict=True))
    kept = np.flatnonzero(features[:, -1] != UNKNOWN) if names else np.arange(len(features))
    if sample is not None and len(kept) > sample.rows:
        kept = np.sort(np.random.default_rng(seed).choice(kept, sample.rows, replace=False))
    features, raw, end = features[kept], raw[kept], -2 if weight else -1
    weights = features[:, -2] if weight else None
    return Vectors(features[:, :end], raw[:, :end], features[:, -1].astype(np.int64 if names else np.float64), weights)
