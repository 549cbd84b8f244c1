"""Classes of which one is rare: what weights of the classes do to recall, balanced accuracy and calibration.

    .venv/bin/python benchmarks/unbalanced.py               # 20,000 training rows, five seeds: 90 s of a core

Simulated rows, the network `medium`, trained as the Trainer trains it. Each line is the mean over the seeds, with the
standard deviation. Calibration is the mean predicted probability divided by the share of the rare class; 1 is best.
Whatever the weights, the order of the rows is nearly the same, as the AUC and the recall at a precision say: weights
move the cut. What a cut of its own does without weights is the last line.
"""

import argparse
import statistics
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt
import tensorflow as tf
from sklearn.datasets import make_classification
from sklearn.metrics import (
    average_precision_score,
    balanced_accuracy_score,
    f1_score,
    log_loss,
    matthews_corrcoef,
    precision_recall_curve,
    precision_score,
    recall_score,
    roc_auc_score,
)

from components.trainer.mlp.config import PRESETS, MLPTraining
from components.trainer.mlp.model import build_model
from components.trainer.mlp.one_model import loss_scales
from components.trainer.mlp.packed_rows import PackedRows
from components.trainer.mlp.training import TrainingRows, train

Floats: TypeAlias = npt.NDArray[np.float64]
Ints: TypeAlias = npt.NDArray[np.int64]

COLUMNS, VALIDATION, TEST = 20, 10_000, 50_000
PRECISION = 0.5
NAMES = ("common", "rare")
WEIGHTS: Mapping[str, Mapping[str, object]] = {
    "none": {},
    "balanced, exponent 0.5": {"class_weights": "balanced", "class_weight_exponent": 0.5},
    "balanced": {"class_weights": "balanced"},
}
MEASURES: Mapping[str, Callable[[Ints, Floats, float], float]] = {
    "accuracy": lambda labels, scores, cut: float(((scores > cut) == labels).mean()),
    "recall": lambda labels, scores, cut: float(recall_score(labels, scores > cut)),
    "precision": lambda labels, scores, cut: float(precision_score(labels, scores > cut, zero_division=0)),
    "f1": lambda labels, scores, cut: float(f1_score(labels, scores > cut)),
    "balanced": lambda labels, scores, cut: float(balanced_accuracy_score(labels, scores > cut)),
    "mcc": lambda labels, scores, cut: float(matthews_corrcoef(labels, scores > cut)),
    "auc": lambda labels, scores, _: float(roc_auc_score(labels, scores)),
    "auc of p-r": lambda labels, scores, _: float(average_precision_score(labels, scores)),
    "recall at p": lambda labels, scores, _: recall_at(labels, scores),
    "calibration": lambda labels, scores, _: float(scores.mean() / labels.mean()),
    "crossentropy": lambda labels, scores, _: float(log_loss(labels, scores)),
}


class Split(NamedTuple):
    """Some rows."""

    features: npt.NDArray[np.float32]
    labels: Ints


def main() -> None:
    """Trains all, and prints the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=20_000, help="training rows")
    parser.add_argument("--common", type=int, default=50, help="rows of the common class for one of the rare")
    parser.add_argument("--seeds", type=int, nargs="+", default=list(range(5)))
    arguments = parser.parse_args()
    found: dict[str, list[dict[str, float]]] = {}
    for seed in arguments.seeds:
        splits = simulated(arguments.rows, arguments.common, seed)
        for name, settings in WEIGHTS.items():
            validated, scores = trained(splits, settings, seed)
            found.setdefault(name, []).append(measured(splits[2].labels, scores, 0.5))
            if name == "none":
                cut = best_cut(splits[1].labels, validated)
                found.setdefault("none, cut by validation", []).append(measured(splits[2].labels, scores, cut))
    print(f"{'class weights':<24}" + "".join(f"{name:>16}" for name in MEASURES))
    for name in [*WEIGHTS, "none, cut by validation"]:
        cells = [spread([each[measure] for each in found[name]]) for measure in MEASURES]
        print(f"{name:<24}" + "".join(f"{cell:>16}" for cell in cells))


def simulated(rows: int, common: int, seed: int) -> tuple[Split, Split, Split]:
    """Rows of training, validation and test."""
    features, labels = make_classification(
        rows + VALIDATION + TEST,
        COLUMNS,
        n_informative=8,
        n_clusters_per_class=3,
        weights=[common / (common + 1)],
        flip_y=0.002,
        class_sep=0.8,
        random_state=seed,
    )
    cuts = [rows, rows + VALIDATION]
    pairs = zip(np.split(features.astype(np.float32), cuts), np.split(labels, cuts), strict=True)
    train_split, validation, test = (Split(*pair) for pair in pairs)
    return train_split, validation, test


def trained(splits: Sequence[Split], changes: Mapping[str, object], seed: int) -> tuple[Floats, Floats]:
    """Trains; returns the scores of the validation and of the test rows."""
    settings = MLPTraining(
        models={"medium": PRESETS["medium"]}, batch_size=500, max_epochs=200, patience=10, seed=seed, **changes
    )
    train_rows, validation = (packed(split) for split in splits[:2])
    model = build_model(PRESETS["medium"], COLUMNS, len(NAMES), seed)
    train(model, TrainingRows(train_rows, validation, loss_scales(settings, NAMES, train_rows)), settings)

    def scores(split: Split) -> Floats:
        return tf.sigmoid(model(split.features, training=False)[:, 0]).numpy().astype(np.float64)

    return scores(splits[1]), scores(splits[2])


def packed(split: Split) -> PackedRows:
    """The rows as the Trainer has them."""
    rows = PackedRows(COLUMNS)
    rows.add(np.column_stack([split.features, split.labels]))
    return rows


def measured(labels: Ints, scores: Floats, cut: float) -> dict[str, float]:
    """All measures."""
    return {name: measure(labels, scores, cut) for name, measure in MEASURES.items()}


def recall_at(labels: Ints, scores: Floats) -> float:
    """The highest recall at which the precision is as high as `PRECISION`."""
    precisions, recalls, _ = precision_recall_curve(labels, scores)
    return float(recalls[precisions >= PRECISION].max())


def best_cut(labels: Ints, scores: Floats) -> float:
    """The cut with the best balanced accuracy."""
    cuts = np.unique(np.quantile(scores, np.linspace(0, 1, 2001)))
    return float(max(cuts, key=lambda cut: balanced_accuracy_score(labels, scores > cut)))


def spread(values: Sequence[float]) -> str:
    """Mean and standard deviation."""
    deviation = statistics.stdev(values) if len(values) > 1 else 0.0
    return f"{statistics.mean(values):.3f} ± {deviation:.3f}"


if __name__ == "__main__":
    main()
