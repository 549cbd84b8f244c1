"""Grows trees on packed rows, and keeps what they went through as the learning curves of a network are."""

import numpy as np

from components import progress
from components.trainer.curves import LearningCurves
from components.trainer.mlp.objectives import objective_name
from components.trainer.mlp.packed_rows import Packed, PackedRows
from components.trainer.mlp.training import TrainingRows
from components.trainer.trees.config import Trees
from components.trainer.trees.forest import Forest
from components.trainer.trees.growing import LabelledRows, grow


def grow_trees(
    settings: Trees, rows: TrainingRows, categorical: tuple[int, ...], classes: int, seed: int, name: str
) -> tuple[Forest, LearningCurves]:
    """Grows trees.

    Args:
        settings: How.
        rows: Both splits, of Transform's vector for trees.
        categorical: Which columns hold codes of categories.
        classes: How many there are; 0 where a number is to be predicted.
        seed: Of all that is drawn.
        name: The model's, for the progress.
    """
    objective = objective_name(classes)

    def tell(iterations: int, lowest: float) -> None:
        progress.report(iterations, settings.iterations, "iterations", f"{name} val_{objective} {lowest:.4f}")

    train = sample(rows.train, settings.max_rows, seed)
    validation = sample(rows.validation, rows.validation.rows, seed)
    grown = grow(_labelled(train, rows), _labelled(validation, rows), categorical, settings, seed, tell)
    metrics = grown.metrics | {
        objective: grown.metrics["loss"],
        f"val_{objective}": grown.metrics["val_loss"],
        "learning_rate": (settings.learning_rate,) * len(grown.metrics["loss"]),
    }
    curves = LearningCurves(
        epochs=tuple(range(1, len(metrics["loss"]) + 1)),
        fine_tuning_starts_at=None,
        best_epoch=grown.best,
        metrics=metrics,
        initial=grown.initial | {objective: grown.initial["loss"], f"val_{objective}": grown.initial["val_loss"]},
        crossentropy=objective,
        model=name,
        fitted_rows=len(train),
        training_rows=rows.train.rows,
        unit="iteration",
    )
    return grown.forest, curves


def sample(packed: PackedRows, count: int, seed: int) -> Packed:
    """Returns rows in their order: all of them, or so many drawn without replacement, and of each class one or more."""
    chosen = np.ones(packed.rows, bool)
    if count < packed.rows:
        chosen[:] = False
        chosen[np.random.default_rng(seed).choice(packed.rows, count, replace=False)] = True
    parts, seen, begin = [], np.empty(0), 0
    for block in packed.blocks():
        kept = chosen[begin : begin + len(block)]
        begin += len(block)
        if packed.by_class:
            ids, first = np.unique(block[:, -1], return_index=True)
            kept[first[~np.isin(ids, seen)]] = True
            seen = np.union1d(seen, ids)
        parts.append(block[kept])
    return np.concatenate(parts)


def _labelled(packed: Packed, rows: TrainingRows) -> LabelledRows:
    """Rows with their labels, and what the loss of each is multiplied by: its own weight, and that of its class."""
    features, labels = packed[:, : rows.train.columns], packed[:, -1]
    weights = packed[:, -2].astype(np.float64) if rows.train.weighted else None
    if rows.scaling is not None:
        if weights is not None and rows.scales is not None:
            weights *= rows.scales[0]
        return LabelledRows(features, rows.scaling.scaled(labels.astype(np.float64)), weights)
    ids = labels.astype(np.int64)
    if rows.scales is not None:
        weights = rows.scales[ids].astype(np.float64) * (1.0 if weights is None else weights)
    return LabelledRows(features, ids, weights)
