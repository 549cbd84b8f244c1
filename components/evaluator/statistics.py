"""Sums over the examples of a slice from which every metric of it is worked out, by numpy and for whole batches.

Sums of parts add up, so the parts may be computed by any number of workers, and memory doesn't grow with the examples.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import apache_beam as beam
import numpy as np
import numpy.typing as npt
import tensorflow as tf

from components.errors import TransferlineError
from components.evaluator.metric_names import top_accuracy
from components.operating_point import EVEN

Floats: TypeAlias = npt.NDArray[np.float64]
Ints: TypeAlias = npt.NDArray[np.int64]
SliceKey: TypeAlias = tuple[tuple[str, str | int | float], ...]
"""As TFMA has it: () for all examples, else (feature, value)."""

Found: TypeAlias = dict[tuple[SliceKey, str], "Statistics"]
"""Statistics by slice and name of the model."""

BUCKETS = 10_000
"""Of TFMA's histogram between 0 and 1, which its curves are drawn from; two more take what lies outside."""

LEAST = 1e-7
"""A score counts as no less in the cross-entropy of many classes, and as no more than 1 without it, as in Keras."""

NO_CLASS = -1
"""TFMA's number for the predicted class where no class has a score above 0."""

MOST_CLASSES = 2**31

COUNT, SQUARED_WEIGHTS = "count", "squared_weights"
"""The total of examples that isn't weighted, where others are, and that of the squares of the weights."""

HISTOGRAM, CONFUSION, ONE_VERSUS_REST = "histogram", "confusion", "one_versus_rest"

DENSE = 8
CELLS_KEPT = 50_000
"""So many cells of a slice are kept before equal ones are summed."""


@dataclass(frozen=True)
class Table:
    """Sums by cell, such as the buckets of a histogram; of the cells that there are.

    Attributes:
        cells: Numbers of cells, ascending.
        sums: Sums of each cell, a row a cell. Of a `HISTOGRAM`: labels, predictions, examples; of `ONE_VERSUS_REST`:
            examples of the class, all examples; of `CONFUSION`: examples.
    """

    cells: Ints
    sums: Floats


@dataclass(frozen=True)
class Statistics:
    """Sums over some examples of a slice, as one model answers them.

    Attributes:
        totals: Sums by name.
        tables: Sums by cell, by name. Of two classes: `HISTOGRAM`; of more: `CONFUSION` and, where it is asked for,
            `ONE_VERSUS_REST`.
    """

    totals: Mapping[str, float]
    tables: Mapping[str, Table]


@dataclass(frozen=True)
class Contributions:
    """What each example of a batch contributes to the statistics of its slices.

    Attributes:
        totals: By name, [examples].
        tables: By name; cells are [examples] or [examples, several], and sums have an axis more.
    """

    totals: Mapping[str, Floats]
    tables: Mapping[str, Table]

    def of(self, examples: Ints) -> Statistics:
        """Sums over some of the examples, named by their place in the batch."""
        return Statistics(
            {name: float(each[examples].sum()) for name, each in self.totals.items()},
            {name: added_cells(each.cells[examples], each.sums[examples]) for name, each in self.tables.items()},
        )


class AddStatistics(beam.CombineFn):
    """Adds up the statistics of batches."""

    def create_accumulator(self) -> dict[tuple[SliceKey, str], list[Statistics]]:
        """Nothing yet."""
        return {}

    def add_input(
        self, accumulator: dict[tuple[SliceKey, str], list[Statistics]], batch: Found
    ) -> dict[tuple[SliceKey, str], list[Statistics]]:
        """Takes in a batch."""
        for key, statistics in batch.items():
            parts = accumulator.setdefault(key, [])
            parts.append(statistics)
            if len(parts) > 1 and sum(map(_size, parts)) > max(CELLS_KEPT, 2 * _size(parts[0])):
                parts[:] = [added(parts)]
        return accumulator

    def merge_accumulators(
        self, accumulators: Iterable[dict[tuple[SliceKey, str], list[Statistics]]]
    ) -> dict[tuple[SliceKey, str], list[Statistics]]:
        """Takes in what other workers have."""
        result = self.create_accumulator()
        for accumulator in accumulators:
            self.add_input(result, self.extract_output(accumulator))
        return result

    def extract_output(self, accumulator: dict[tuple[SliceKey, str], list[Statistics]]) -> Found:
        """One `Statistics` a slice and model."""
        return {key: added(parts) for key, parts in accumulator.items()}


def added(parts: Sequence[Statistics]) -> Statistics:
    """Adds up statistics."""
    return Statistics(
        {name: sum(part.totals[name] for part in parts) for name in parts[0].totals},
        {
            name: added_cells(
                np.concatenate([part.tables[name].cells for part in parts]),
                np.concatenate([part.tables[name].sums for part in parts]),
            )
            for name in parts[0].tables
        },
    )


def contributions(
    labels: Ints,
    predictions: npt.NDArray[np.float32],
    classes: int,
    *,
    tops: Sequence[int] = (),
    one_versus_rest: bool = False,
    weights: Floats | None = None,
    cut: float = EVEN,
) -> Contributions:
    """Computes what each example contributes.

    Args:
        labels: Numbers of the classes.
        predictions: Of two classes: probabilities of the second [examples]; of more: scores [examples, classes].
        classes: How many there are.
        tops: Of more than two classes: among how many of the likeliest ones the right one is looked for.
        one_versus_rest: Of more than two classes: whether each has a histogram of its own.
        weights: Of the examples; None for 1 each.
        cut: Of two classes: the second is predicted where its probability is above it.

    Raises:
        TransferlineError: An example is of no class that the model knows, or the model answers with NaN, of neither of
            which there are metrics.
    """
    if unknown := int(((labels < 0) | (labels >= classes)).sum()):
        raise TransferlineError(
            f"At least {unknown} examples of the test split have a label that the model doesn't know.",
            place="the test split",
            cure="Train the model on all classes, or leave the examples out.",
        )
    of_each = predictions.astype(np.float64)
    if missing := int(np.isnan(of_each).reshape(len(labels), -1).any(axis=1).sum()):
        raise TransferlineError(
            f"The model answers with NaN, which is no number, to at least {missing} examples of the test split.",
            place="the test split",
            cure="Look at the training curves for where the loss became NaN, and lower the learning rate; if there is "
            "no such place, at the columns that these examples lack a value of, and no training example does.",
        )
    if classes == 2:
        found = _of_two_classes(labels, of_each, cut)
    else:
        found = _of_many_classes(labels, of_each, tops)
        if one_versus_rest:
            found = Contributions(found.totals, {**found.tables, ONE_VERSUS_REST: _one_versus_rest(labels, of_each)})
    return found if weights is None else _weighted(found, weights)


def classes_of(cell: int) -> tuple[int, int]:
    """Returns the actual and the predicted class of a cell of a confusion matrix of many classes."""
    actual, predicted = divmod(cell, MOST_CLASSES)
    return actual, predicted + NO_CLASS


def histogram_of(table: Table, class_id: int) -> Table:
    """Returns the histogram of one class, of all that stand in one table."""
    first, end = np.searchsorted(table.cells, [class_id * (BUCKETS + 2), (class_id + 1) * (BUCKETS + 2)])
    return Table(table.cells[first:end] - class_id * (BUCKETS + 2), table.sums[first:end])


def _of_two_classes(labels: Ints, probabilities: Floats, cut: float) -> Contributions:
    is_second = labels == 1
    predicted_second = probabilities > cut
    of_label = np.where(is_second, probabilities, 1 - probabilities)
    with np.errstate(divide="ignore", invalid="ignore"):
        # As in TFMA a wrong certainty is infinite and what is no probability gives NaN; TFMA's formula, which adds zero
        # times the logarithm of zero, would say NaN of a right certainty too.
        crossentropy = -np.log(np.where(of_label <= 1, of_label, np.nan))
    ones = np.ones(len(labels))
    return Contributions(
        totals={
            "examples": ones,
            "labels": labels.astype(np.float64),
            "predictions": probabilities,
            "crossentropy": crossentropy,
            "true_positives": (is_second & predicted_second).astype(np.float64),
            "false_positives": (~is_second & predicted_second).astype(np.float64),
            "true_negatives": (~is_second & ~predicted_second).astype(np.float64),
            "false_negatives": (is_second & ~predicted_second).astype(np.float64),
        },
        tables={HISTOGRAM: Table(_bucket(probabilities), np.column_stack([labels, probabilities, ones]))},
    )


def _of_many_classes(labels: Ints, scores: Floats, tops: Sequence[int]) -> Contributions:
    at = np.arange(len(labels))
    likeliest = scores.argmax(axis=1)
    predicted = np.where(scores[at, likeliest] <= 0, NO_CLASS, likeliest)
    clipped = np.clip(scores, LEAST, 1 - LEAST)
    ones = np.ones(len(labels))
    return Contributions(
        totals={
            "examples": ones,
            "hits": (likeliest == labels).astype(np.float64),
            "crossentropy": np.log(clipped.sum(axis=1)) - np.log(clipped[at, labels]),
            # TensorFlow's, for its ties and scores that are infinite.
            **{top_accuracy(top): _is_among_top(labels, scores, top) for top in tops},
        },
        tables={CONFUSION: Table(labels * MOST_CLASSES + predicted - NO_CLASS, ones[:, np.newaxis])},
    )


def _is_among_top(labels: Ints, scores: Floats, top: int) -> Floats:
    return np.asarray(tf.math.in_top_k(labels, scores.astype(np.float32), top), np.float64)


def _weighted(found: Contributions, weights: Floats) -> Contributions:
    tables = {
        name: Table(table.cells, table.sums * weights.reshape(-1, *[1] * (table.sums.ndim - 1)))
        for name, table in found.tables.items()
    }
    totals = {name: each * weights for name, each in found.totals.items()}
    return Contributions({**totals, COUNT: np.ones(len(weights)), SQUARED_WEIGHTS: weights**2}, tables)


def _one_versus_rest(labels: Ints, scores: Floats) -> Table:
    """A histogram a class."""
    classes = np.arange(scores.shape[1])
    is_class = (labels[:, np.newaxis] == classes).astype(np.float64)
    return Table(_bucket(scores) + classes * (BUCKETS + 2), np.stack([is_class, np.ones_like(scores)], axis=-1))


def _bucket(predictions: Floats) -> Ints:
    return np.clip(predictions * BUCKETS + 1, 0, BUCKETS + 1).astype(np.int64)


def added_cells(cells: Ints, sums: Floats) -> Table:
    """Sums of equal cells, which lie along all axes but the last one of the sums."""
    at, columns = cells.ravel(), [column.ravel() for column in np.moveaxis(sums, -1, 0)]
    if at.max(initial=0) < DENSE * len(at):
        # No more numbers than a few for each cell: to count them takes a tenth of the time that sorting takes.
        distinct = np.flatnonzero(np.bincount(at))
        return Table(distinct, np.column_stack([np.bincount(at, column)[distinct] for column in columns]))
    distinct, at = np.unique(at, return_inverse=True)
    return Table(distinct, np.column_stack([np.bincount(at, column, len(distinct)) for column in columns]))


def _size(statistics: Statistics) -> int:
    return sum(len(table.cells) for table in statistics.tables.values())
