"""Grows trees on packed rows, and keeps what they went through as the learning curves of a network are."""

import logging

import numpy as np

from components import progress
from components.trainer.curves import LearningCurves
from components.trainer.mlp.model import crossentropy_name
from components.trainer.mlp.packed_rows import Packed, PackedRows
from components.trainer.mlp.training import TrainingRows
from components.trainer.trees.config import Trees
from components.trainer.trees.forest import Forest
from components.trainer.trees.growing import LabelledRows, grow

LOGGER = logging.getLogger(__name__)
BLOCK_ROWS = 2**16


def grow_trees(
    settings: Trees, rows: TrainingRows, categorical: tuple[int, ...], classes: int, seed: int, name: str
) -> tuple[Forest, LearningCurves]:
    """Grows trees.

    Args:
        settings: How.
        rows: Both splits, of Transform's vector for trees.
        categorical: Which columns hold codes of categories.
        classes: How many there are.
        seed: Of all that is drawn.
        name: The model's, for the progress.
    """
    crossentropy = crossentropy_name(classes)

    def tell(iterations: int, lowest: float) -> None:
        progress.report(iterations, settings.iterations, "iterations", f"{name} val_{crossentropy} {lowest:.4f}")

    train = sample(rows.train, settings.max_rows, seed)
    if len(train) < rows.train.rows:
        LOGGER.info("%s: %d of %d training rows, drawn by the seed", name, len(train), rows.train.rows)
    validation = sample(rows.validation, rows.validation.rows, seed)
    grown = grow(_labelled(train, rows), _labelled(validation, rows), categorical, settings, seed, tell)
    metrics = grown.metrics | {
        crossentropy: grown.metrics["loss"],
        f"val_{crossentropy}": grown.metrics["val_loss"],
        "learning_rate": (settings.learning_rate,) * len(grown.metrics["loss"]),
    }
    curves = LearningCurves(
        epochs=tuple(range(1, len(metrics["loss"]) + 1)),
        fine_tuning_starts_at=None,
        best_epoch=grown.best,
        metrics=metrics,
        crossentropy=crossentropy,
        model=name,
        unit="iteration",
    )
    return grown.forest, curves


def sample(packed: PackedRows, count: int, seed: int) -> Packed:
    """Returns rows in their order: all of them, or so many drawn without replacement, and of each class one or more."""
    chosen = np.ones(packed.rows, bool)
    if count < packed.rows:
        chosen[:] = False
        chosen[np.random.default_rng(seed).choice(packed.rows, count, replace=False)] = True
    parts, seen = [], np.empty(0)
    for begin in range(0, packed.rows, BLOCK_ROWS):
        block = np.empty([min(BLOCK_ROWS, packed.rows - begin), packed.width], np.float32)
        packed.read(begin, block)
        kept = chosen[begin : begin + len(block)]
        ids, first = np.unique(block[:, -1], return_index=True)
        kept[first[~np.isin(ids, seen)]] = True
        seen = np.union1d(seen, ids)
        parts.append(block[kept])
    return np.concatenate(parts)


def _labelled(packed: Packed, rows: TrainingRows) -> LabelledRows:
    """Rows with their classes, and what the loss of each is multiplied by: its own weight, and that of its class."""
    ids = packed[:, -1].astype(np.int64)
    weights = packed[:, -2].astype(np.float64) if rows.train.weighted else None
    if rows.scales is not None:
        weights = rows.scales[ids].astype(np.float64) * (1.0 if weights is None else weights)
    return LabelledRows(packed[:, : rows.train.columns], ids, weights)
