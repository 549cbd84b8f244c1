"""Trees as they are served beside scikit-learn's own predict, on the same rows.

    .venv/bin/python benchmarks/served_trees.py --rows 100000 --classes 2

The rows are drawn by scikit-learn's `make_classification`: 24 numbers, of which two thirds tell something, and four of
them cut into 2 to 200 categories, with a hole in one cell of twenty. Both answer the same batches in turns, on one
thread. Prints microseconds a row and their ratio, the size of the trees, and how far the two are from each other.
"""

import argparse
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import tensorflow as tf
from sklearn.datasets import make_classification
from sklearn.ensemble import HistGradientBoostingClassifier

from components.threads import threads_for
from components.trainer.trees.columns import Columns
from components.trainer.trees.config import Trees
from components.trainer.trees.graph import ForestModel
from components.trainer.trees.growing import LabelledRows, grow

COLUMNS = 24
CATEGORIES = {3: 2, 9: 10, 15: 50, 21: 200}
BATCHES = (1, 100, 8192)
TURNS, SECONDS_A_TURN = 5, 1.0


def main() -> None:
    """Reads the arguments."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--classes", type=int, default=2)
    parser.add_argument("--numbers-only", action="store_true")
    arguments = parser.parse_args()
    tf.config.threading.set_intra_op_parallelism_threads(1)
    with threads_for(0):
        measure(arguments)


def measure(arguments: argparse.Namespace) -> None:
    """Grows, exports and compares."""
    categories = {} if arguments.numbers_only else CATEGORIES
    rows = drawn(arguments.rows, arguments.classes, categories)
    cut = arguments.rows * 9 // 10
    train, rest = (LabelledRows(rows.rows[part], rows.labels[part]) for part in (slice(cut), slice(cut, None)))
    began = time.monotonic()
    grown = grow(train, rest, tuple(categories), Trees(), 0, lambda iterations, lowest: None)
    print(
        f"{arguments.rows:,} rows of {arguments.classes} classes: {len(grown.metrics['loss'])} iterations in "
        f"{time.monotonic() - began:.1f} s, {grown.best} kept, {grown.forest.trees} trees of depth "
        f"{int(grown.forest.depth)} at most, validation cross-entropy {min(grown.metrics['val_loss']):.4f}"
    )
    columns = Columns.of(train.rows, tuple(categories))
    began = time.monotonic()
    library = HistGradientBoostingClassifier(
        max_iter=grown.best, early_stopping=False, categorical_features=columns.is_categorical, random_state=0
    ).fit(columns.encoded(train.rows), train.labels)
    print(f"scikit-learn alone grows these in {time.monotonic() - began:.1f} s")
    served = saved(ForestModel(grown.forest))
    compare(library, served, columns, rest.rows)


def drawn(rows: int, classes: int, categories: dict[int, int]) -> LabelledRows:
    """Returns rows in which there is something to be found."""
    table, ids = make_classification(
        rows, COLUMNS, n_informative=16, n_redundant=2, n_classes=classes, flip_y=0.05, random_state=0
    )
    table = table.astype(np.float32)
    for column, count in categories.items():
        bounds = np.quantile(table[:, column], np.arange(1, count) / count)
        names = np.random.default_rng(column).permutation(count) + 2
        table[:, column] = names[np.digitize(table[:, column], bounds)]
    table[np.random.default_rng(0).random(table.shape) < 0.05] = np.nan
    return LabelledRows(table, ids.astype(np.int64))


def saved(model: ForestModel) -> Callable[[np.ndarray], np.ndarray]:
    """Saves the trees and returns what the loaded model answers."""
    signature = [tf.TensorSpec([None, COLUMNS], tf.float32)]
    with tempfile.TemporaryDirectory() as folder:
        tf.saved_model.save(
            model, folder, {"rows": tf.function(lambda rows: {"scores": model.scores(rows)}, signature)}
        )
        print(f"saved: {sum(file.stat().st_size for file in Path(folder).rglob('*') if file.is_file()):,} bytes")
        answer = tf.saved_model.load(folder).signatures["rows"]
    return lambda rows: answer(tf.constant(rows))["scores"].numpy()


def compare(
    library: HistGradientBoostingClassifier,
    served: Callable[[np.ndarray], np.ndarray],
    columns: Columns,
    rows: np.ndarray,
) -> None:
    """Lets both answer, in turns."""
    expected = library.predict_proba(columns.encoded(rows))
    print(f"greatest relative difference: {np.max(np.abs(served(rows) - expected) / expected):.1e}")
    for batch in BATCHES:
        part = rows[:batch]
        encoded = columns.encoded(part)
        times: dict[str, list[float]] = {"library": [], "served": []}
        for _ in range(TURNS):
            times["library"].append(seconds(lambda encoded=encoded: library.predict_proba(encoded)))
            times["served"].append(seconds(lambda part=part: served(part)))
        alone, both = (1e6 * min(found) / len(part) for found in times.values())
        print(f"{len(part):>6} rows at a time: library {alone:8.2f} µs a row, served {both:8.2f} ({both / alone:.2f})")


def seconds(answer: Callable[[], object]) -> float:
    """Returns the mean time of a call, over as many as a turn has room for."""
    answer()
    calls, began = 0, time.perf_counter()
    while (taken := time.perf_counter() - began) < SECONDS_A_TURN:
        answer()
        calls += 1
    return taken / calls


if __name__ == "__main__":
    main()
