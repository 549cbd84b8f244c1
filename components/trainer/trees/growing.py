"""Grows trees on the training split for as long as the validation split gets better."""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor

from components.errors import TransferlineError
from components.threads import threads_for
from components.trainer.trees.columns import Columns
from components.trainer.trees.config import Trees
from components.trainer.trees.forest import Forest, Logits, Rows
from components.trainer.trees.library import Library, forest_of, iterations_of

LOGGER = logging.getLogger(__name__)

WATCHED_ROWS = 10_000
"""Training rows of which the training loss is told; validation takes all of its own."""

COMPARED_ROWS = 1_000
SAME = 1e-9
"""Logits that differ by no more than this, relative or absolute, are the same sum in another order."""

Labels: TypeAlias = npt.NDArray[np.int64] | npt.NDArray[np.float64]


@dataclass(frozen=True)
class LabelledRows:
    """Rows with their labels.

    Attributes:
        rows: float32 [rows, columns].
        labels: int64 [rows]: the class numbers; or float64 [rows]: what is learned of a number to predict.
        weights: float64 [rows]: what the loss of each is multiplied by; None for 1.
    """

    rows: Rows
    labels: Labels
    weights: npt.NDArray[np.float64] | None = None

    @property
    def of_numbers(self) -> bool:
        """Whether the label is a number to predict."""
        return self.labels.dtype.kind == "f"


@dataclass(frozen=True)
class Grown:
    """What came of it.

    Attributes:
        forest: The trees up to the best iteration.
        best: That iteration, from 1.
        metrics: One value an iteration: "loss", "accuracy", "val_loss", "val_accuracy", "seconds"; for a number to
            predict "mae" in place of the accuracy.
        initial: The same before the first tree, but for the seconds.
    """

    forest: Forest
    best: int
    metrics: dict[str, tuple[float, ...]]
    initial: dict[str, float]


def grow(
    train: LabelledRows,
    validation: LabelledRows,
    categorical: tuple[int, ...],
    settings: Trees,
    seed: int,
    tell: Callable[[int, float], None],
) -> Grown:
    """Grows trees.

    Args:
        train: The training split, or a part of it that has every class.
        validation: The validation split.
        categorical: Which columns hold codes of categories.
        settings: How.
        seed: Of what is drawn: the rows that bins are made by, and those of the training loss.
        tell: Is told the number of iterations so far, and the lowest validation loss.

    Raises:
        TransferlineError: What was read of the library's trees isn't what the library itself predicts with.
    """
    columns = Columns.of(train.rows, categorical)
    watch = _Watch(columns, _some(train, seed), validation, tell)
    kind = HistGradientBoostingRegressor if train.of_numbers else HistGradientBoostingClassifier
    model = kind(
        max_iter=settings.iterations,
        learning_rate=settings.learning_rate,
        max_leaf_nodes=settings.leaves,
        min_samples_leaf=settings.leaf_rows,
        l2_regularization=settings.l2,
        categorical_features=columns.is_categorical,
        # By itself it would validate on a part of the training rows: it is told how good it is instead.
        early_stopping=True,
        validation_fraction=None,
        scoring=watch,
        n_iter_no_change=settings.patience,
        tol=0.0,
        random_state=seed,
    )
    with threads_for(train.rows.size):
        model.fit(columns.encoded(train.rows), train.labels, train.weights)
        _compare(model, columns, validation.rows[:COMPARED_ROWS])
    LOGGER.info("%d iterations, of which the first %d are kept", watch.iterations, watch.best)
    metrics = {name: tuple(values) for name, values in watch.metrics.items()}
    return Grown(forest_of(model, columns, 0, watch.best), watch.best, metrics, watch.initial)


class _Watch:
    """Is asked by the library after each iteration how good the trees are: it stops when no answer is higher.

    Args:
        columns: As rows are encoded for the library.
        train: Some training rows.
        validation: All validation rows.
        tell: See `grow`.
    """

    def __init__(
        self, columns: Columns, train: LabelledRows, validation: LabelledRows, tell: Callable[[int, float], None]
    ) -> None:
        self._columns, self._tell = columns, tell
        self._splits = {"": train, "val_": validation}
        self._logits: dict[str, Logits] = {}
        self._time = time.monotonic()
        self._lowest = np.inf
        self.iterations = self.best = 0
        self.metrics: dict[str, list[float]] = {}
        self.initial: dict[str, float] = {}

    def __call__(self, model: Library, rows: Any, labels: Any, sample_weight: Any = None) -> float:
        """Returns minus the lowest validation loss so far.

        Args:
            model: The library's, at work.
            rows: Training rows, in a form of its own.
            labels: Theirs.
            sample_weight: Their weights, where they have some.
        """
        if not iterations_of(model):  # it asks once before the first
            return -np.inf
        newest = forest_of(model, self._columns, self.iterations)
        if not self.iterations:
            for prefix, split in self._splits.items():
                baseline = np.broadcast_to(newest.baseline, (len(split.labels), newest.outputs))
                self.initial |= _means(baseline, split, prefix)
        self.iterations += 1
        now = time.monotonic()
        self._add("seconds", now - self._time)
        self._time = now
        for prefix, split in self._splits.items():
            before = self._logits.get(prefix, newest.baseline)
            logits = self._logits[prefix] = before + newest.sums(split.rows)
            for name, value in _means(logits, split, prefix).items():
                self._add(name, value)
        if self.metrics["val_loss"][-1] < self._lowest:
            self._lowest, self.best = self.metrics["val_loss"][-1], self.iterations
        self._tell(self.iterations, self._lowest)
        return -self._lowest

    def _add(self, name: str, value: float) -> None:
        self.metrics.setdefault(name, []).append(value)


def _means(logits: Logits, split: LabelledRows, prefix: str) -> dict[str, float]:
    """Returns the mean loss of all rows and the mean of what is measured beside it, by their names."""
    losses, beside, measured = _measured(logits, split)
    loss = float(np.average(losses, weights=split.weights))
    return {f"{prefix}loss": loss, f"{prefix}{beside}": float(measured.mean())}


def _measured(logits: Logits, split: LabelledRows) -> tuple[npt.NDArray[np.float64], str, npt.NDArray[Any]]:
    """Returns the loss of each row, and the name and the values of what is measured beside it."""
    if split.of_numbers:
        errors = logits[:, 0] - split.labels.astype(np.float64, copy=False)
        return errors**2, "mae", np.abs(errors)
    ids = split.labels.astype(np.int64, copy=False)
    return crossentropies(logits, ids), "accuracy", predicted(logits) == ids


def crossentropies(logits: Logits, ids: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
    """Returns the cross-entropy of each row.

    Args:
        logits: Of the second of two classes, [rows, 1], or of every class, [rows, classes].
        ids: [rows].
    """
    if logits.shape[1] == 1:
        return np.logaddexp(0.0, np.where(ids == 1, -logits[:, 0], logits[:, 0]))
    return np.logaddexp.reduce(logits, axis=1) - logits[np.arange(len(ids)), ids]


def predicted(logits: Logits) -> npt.NDArray[np.int64]:
    """Returns the likeliest class of each row."""
    return (logits[:, 0] > 0).astype(np.int64) if logits.shape[1] == 1 else logits.argmax(axis=1)


def _some(split: LabelledRows, seed: int) -> LabelledRows:
    if len(split.labels) <= WATCHED_ROWS:
        return split
    chosen = np.sort(np.random.default_rng(seed).choice(len(split.labels), WATCHED_ROWS, replace=False))
    weights = None if split.weights is None else split.weights[chosen]
    return LabelledRows(split.rows[chosen], split.labels[chosen], weights)


def _compare(model: Library, columns: Columns, rows: Rows) -> None:
    """Refuses trees that were misread."""
    whole = forest_of(model, columns)
    answer = model.predict if isinstance(model, HistGradientBoostingRegressor) else model.decision_function
    expected = answer(columns.encoded(rows)).reshape(len(rows), -1)
    if not np.allclose(whole.baseline + whole.sums(rows), expected, rtol=SAME, atol=SAME):
        raise TransferlineError(
            "The trees that would be served don't answer as scikit-learn's do.",
            place="trainer.models",
            cure="Take the release of scikit-learn that requirements.lock names, or leave the trees out.",
        )
