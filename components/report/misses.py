"""Sets the numbers that a model predicts beside those of the test, and finds the rows where it is farthest off."""

from collections.abc import Iterator, Sequence
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import tensorflow as tf

from components.contract import LABEL
from components.loaded_models import load_model
from components.report.examples import batches_of, sample_of
from components.report.review import Errors, HistogramBar, Miss, Tenth
from components.task import read_task

Floats: TypeAlias = npt.NDArray[np.float64]

ROWS_PER_BATCH = 4096
AT_MOST = 100_000
"""Test rows that are looked at; the Evaluator looks at all of them."""

KEPT, POINTS, TENTHS, BARS = 20, 1_000, 10, 40
"""As many at most; of bars fewer where there are few examples."""

WORST = 100
"""One of so many."""

FAR_OUT = 0.005
"""Which part of the errors may be outside of the bars on either side, where there are `MANY`."""

MANY = 200


def find_errors(files: Sequence[str], model_path: str) -> Errors:
    """Returns how far off a model is.

    Args:
        files: Gzipped TFRecord files of the test split.
        model_path: The SavedModel.
    """
    batches = list(_answered(files, load_model(model_path)))
    labels, answers = (np.concatenate([[], *(batch[at] for batch in batches)]) for at in (0, 1))
    task = read_task(model_path)
    errors = answers - labels
    inside, beyond = _inside(errors)
    # As many as Rice's rule says, so that a bar has some examples.
    counts, edges = np.histogram(inside, min(BARS, max(1, round(2 * len(inside) ** (1 / 3)))))
    chosen = np.unique(np.linspace(0, len(labels) - 1, POINTS).astype(int)) if len(labels) else []
    outside = _outside(answers, task.lowest, task.highest)
    return Errors(
        seen=len(labels),
        worst=_worst([miss for batch in batches for miss in batch[2]]),
        worst_share=_worst_share(errors),
        points=tuple((float(answers[at]), float(labels[at])) for at in chosen),
        tenths=tuple(_tenths(labels, answers)),
        bars=tuple(
            HistogramBar(low=low, high=high, count=count)
            for low, high, count in zip(edges[:-1], edges[1:], counts, strict=True)
        ),
        beyond=beyond,
        lowest=task.lowest,
        highest=task.highest,
        outside=outside,
        distinct=len(np.unique(answers)),
    )


def _answered(files: Sequence[str], model: Any) -> Iterator[tuple[Floats, Floats, list[tuple[float, float, bytes]]]]:
    """Yields the labels and predictions of each batch, and those of its worst rows with the row itself."""
    predict = model.signatures[tf.saved_model.DEFAULT_SERVING_SIGNATURE_DEF_KEY]
    for records in batches_of(files, ROWS_PER_BATCH, AT_MOST):
        examples = tf.constant(records)
        parsed = tf.io.parse_example(examples, {LABEL: tf.io.FixedLenFeature([], tf.float32)})
        labels = parsed[LABEL].numpy().astype(np.float64)
        answers = predict(examples=examples)["prediction"].numpy().astype(np.float64)
        worst = np.argsort(-np.abs(answers - labels), kind="stable")[:KEPT]
        yield labels, answers, [(float(labels[at]), float(answers[at]), records[at]) for at in worst]


def _worst(found: list[tuple[float, float, bytes]]) -> tuple[Miss, ...]:
    ranked = sorted(found, key=lambda each: -abs(each[1] - each[0]))[:KEPT]
    return tuple(Miss(sample=sample_of(record), actual=label, predicted=answer) for label, answer, record in ranked)


def _worst_share(errors: Floats) -> float:
    squares = np.sort(errors**2)[::-1]
    return float(squares[: -(-len(squares) // WORST)].sum() / squares.sum()) if squares.sum() else 0.0


def _inside(errors: Floats) -> tuple[Floats, int]:
    """The errors that are drawn: a few that are far out would leave one bar for all others."""
    if len(errors) < MANY:
        return errors, 0
    low, high = np.quantile(errors, [FAR_OUT, 1 - FAR_OUT])
    inside = errors[(errors >= low) & (errors <= high)]
    return inside, len(errors) - len(inside)


def _tenths(labels: Floats, answers: Floats) -> Iterator[Tenth]:
    for part in np.array_split(np.argsort(answers, kind="stable"), TENTHS):
        if len(part):
            yield Tenth(examples=len(part), predicted=float(answers[part].mean()), actual=float(labels[part].mean()))


def _outside(answers: Floats, lowest: float | None, highest: float | None) -> int:
    if lowest is None or highest is None:
        return 0
    return int(((answers < lowest) | (answers > highest)).sum())
