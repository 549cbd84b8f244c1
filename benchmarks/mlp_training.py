"""Training of the seven MLPs beside the plain loop of TensorFlow's tutorial "Overfit and underfit".

    .venv/bin/python benchmarks/mlp_training.py --data FILE --models tiny small medium large l2 dropout combined

The plain loop is `model.fit` on a cached, shuffled and repeated tf.data pipeline, 20 steps an epoch. The two take
turns, a few epochs each, so that a machine that slows down slows both. Prints milliseconds an epoch, of equally many
rows, and the ratio. With `--whole`, trains both to the end of their patience and prints the best validation
cross-entropy too.
"""

import argparse
import gzip
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np
import tensorflow as tf
import tf_keras as keras

from components.trainer.mlp.config import PRESETS, TUTORIAL, MLPTraining
from components.trainer.mlp.model import build_model
from components.trainer.mlp.packed_rows import PackedRows
from components.trainer.mlp.training import EpochRunner, TrainingRows, train

BATCH, VALIDATION_ROWS, COLUMNS, PATIENCE = 500, 1_000, 28, 200
TURNS = 5
EPOCHS_A_TURN = {"tiny": 40, "small": 40, "medium": 30}
LARGE_EPOCHS = 4


def main() -> None:
    """Runs the models that are named."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="HIGGS.csv.gz, or a part of it")
    parser.add_argument("--models", nargs="+", default=list(TUTORIAL), choices=list(PRESETS))
    parser.add_argument("--whole", action="store_true")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0])
    arguments = parser.parse_args()
    rows = load(arguments.data)
    for name in arguments.models:
        if arguments.whole:
            for seed in arguments.seeds:
                compare_whole(name, rows, seed)
        else:
            compare_epochs(name, rows)


class Data(NamedTuple):
    """Training rows, and validation rows: features float32 [rows, columns] and class numbers int64 [rows]."""

    train: tuple[np.ndarray, np.ndarray]
    validation: tuple[np.ndarray, np.ndarray]

    def packed(self) -> TrainingRows:
        """The same as the Trainer has them."""
        both = [PackedRows(COLUMNS), PackedRows(COLUMNS)]
        for rows, arrays in zip(both, self, strict=True):
            rows.add(np.column_stack(arrays))
        return TrainingRows(*both)


def load(path: Path) -> Data:
    """The first 1,000 rows to validate, as many whole batches as there are of the rest, at most 20, to train."""
    with gzip.open(path) as file:
        table = np.loadtxt(file, delimiter=",", dtype=np.float32, max_rows=VALIDATION_ROWS + 20 * BATCH)
    end = VALIDATION_ROWS + (len(table) - VALIDATION_ROWS) // BATCH * BATCH
    features, ids = table[:, 1:], table[:, 0].astype(np.int64)
    return Data(
        (features[VALIDATION_ROWS:end], ids[VALIDATION_ROWS:end]), (features[:VALIDATION_ROWS], ids[:VALIDATION_ROWS])
    )


def plain(name: str, rows: Data, seed: int) -> Callable[..., keras.callbacks.History]:
    """The plain loop: a function that fits."""
    keras.utils.set_random_seed(seed)
    model = build_model(PRESETS[name], COLUMNS, 2, seed)
    steps = len(rows.train[1]) // BATCH
    training = tf.data.Dataset.from_tensor_slices(rows.train).cache().shuffle(20 * BATCH).repeat().batch(BATCH)
    validation = tf.data.Dataset.from_tensor_slices(rows.validation).cache().batch(BATCH)
    schedule = keras.optimizers.schedules.InverseTimeDecay(0.001, steps * 1000, 1, staircase=False)
    metric = keras.metrics.BinaryCrossentropy(from_logits=True, name="binary_crossentropy")
    loss = keras.losses.BinaryCrossentropy(from_logits=True)
    model.compile(keras.optimizers.Adam(schedule), loss, [metric, "accuracy"])
    return lambda **options: model.fit(
        training, steps_per_epoch=steps, validation_data=validation, verbose=0, **options
    )


def compare_epochs(name: str, rows: Data) -> None:
    """Times epochs in turns."""
    count = EPOCHS_A_TURN.get(name, LARGE_EPOCHS)
    runner = EpochRunner(build_model(PRESETS[name], COLUMNS, 2, 0), rows.packed(), MLPTraining())
    fit = plain(name, rows, 0)
    runner.run(0)
    fit(epochs=1)
    ours, theirs = [], []
    for _ in range(TURNS):
        began = time.monotonic()
        for epoch in range(count):
            runner.run(epoch)
        middle = time.monotonic()
        fit(epochs=count)
        ours.append((middle - began) / count)
        theirs.append((time.monotonic() - middle) / count)
    mine, other = np.median(ours) * 1000, np.median(theirs) * 1000
    print(f"{name}: {mine:.1f} ms an epoch, plain {other:.1f} ms, ratio {mine / other:.2f}", flush=True)


def compare_whole(name: str, rows: Data, seed: int) -> None:
    """Trains to the end."""
    began = time.monotonic()
    keras.utils.set_random_seed(seed)
    model = build_model(PRESETS[name], COLUMNS, 2, seed)
    curves = train(model, rows.packed(), MLPTraining(seed=seed, models=PRESETS))
    middle = time.monotonic()
    stop = keras.callbacks.EarlyStopping("val_binary_crossentropy", patience=PATIENCE)
    history = plain(name, rows, seed)(epochs=10_000, callbacks=[stop]).history["val_binary_crossentropy"]
    mine = curves.metrics["val_binary_crossentropy"]
    print(
        f"{name}, seed {seed}: best {min(mine):.3f}, last {mine[-1]:.3f}, {len(mine)} epochs in "
        f"{middle - began:.0f} s; "
        f"plain {min(history):.3f}, {history[-1]:.3f}, {len(history)} epochs in {time.monotonic() - middle:.0f} s",
        flush=True,
    )


if __name__ == "__main__":
    main()
