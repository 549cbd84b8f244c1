"""Runs the training loop: whole epochs in one graph, on rows that are in memory, or a window of them at a time.

`Model.fit` spends most of its time in Python where a model is small: an epoch of 20 steps of a network of 16 units
takes 25 ms there, of which the machine computes five. Here an epoch is one call, or one a window.
"""

import logging
import math
import os
import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

import numpy as np
import tensorflow as tf
import tf_keras as keras

from components import progress
from components.errors import TransferlineError
from components.trainer.best_weights import BestWeights
from components.trainer.checkpoints import Checkpoints, EpochMetrics
from components.trainer.class_weights import Weights
from components.trainer.curves import LearningCurves
from components.trainer.learning_rates import of_replicas, warmed_up
from components.trainer.mlp.config import MLPTraining
from components.trainer.mlp.label_scale import Scaling
from components.trainer.mlp.objectives import NearNumber, Objective, RightClass
from components.trainer.mlp.optimizer import build_optimizer
from components.trainer.mlp.packed_rows import PackedRows, Windows

LOGGER = logging.getLogger(__name__)
PROGRESS_SECONDS = 0.5
LOGGED_POINTS = 500
"""TensorBoard gets so many points of a curve, at most; the JSON gets all."""

SCHEDULE_POINTS = 100

METRICS = 3
"""The loss, the same without penalties, and what is measured beside it, in that order."""

VALIDATED_ROWS = 2**16
"""Rows that are validated at a time, which bounds the memory of what the layers give."""


@dataclass(frozen=True)
class TrainingRows:
    """Both splits.

    Attributes:
        train: The training split.
        validation: The validation split.
        scales: What the loss of a row is multiplied by, by its class, float32 [classes], beside the row's own weight;
            None for 1 each. All factors of a row together are 1 in the mean over the training rows. Of a number to
            predict float32 [1], for all rows.
        scaling: What is learned of a number to predict; None for classes.
    """

    train: PackedRows
    validation: PackedRows
    scales: Weights | None = None
    scaling: Scaling | None = None


class EpochRunner:
    """Runs epochs.

    Args:
        model: The model, changed in place; it carries the strategy in whose scope it was built.
        rows: Both splits.
        settings: The trainer's settings.
    """

    def __init__(self, model: keras.Model, rows: TrainingRows, settings: MLPTraining) -> None:
        self._model = model
        self._strategy = model.distribute_strategy
        replicas = self._strategy.num_replicas_in_sync
        self._batch = _batch_size(settings.batch_of(replicas), rows.train.rows, replicas)
        self.steps = rows.train.rows // self._batch
        self._steps_per_execution = settings.steps_per_execution or self.steps
        self._seed = settings.seed
        self.objective: Objective = (
            NearNumber(rows.scaling) if rows.scaling else RightClass(max(2, model.output_shape[-1]))
        )
        self._names = ("loss", self.objective.name, self.objective.beside)
        self._scales = None if rows.scales is None else tf.constant(rows.scales)
        self._columns, self._weighted_rows = rows.train.columns, rows.train.weighted
        self._sizes = {"": _size_of(rows.train, rows.scales), "val_": _size_of(rows.validation, rows.scales)}
        memory = _memory_of_windows(rows, settings.cache_bytes)
        self._train = Windows(rows.train, memory, self._batch, self._strategy)
        self._validation = Windows(rows.validation, memory, strategy=self._strategy)
        with self._strategy.scope():
            decayed = keras.optimizers.schedules.InverseTimeDecay(
                of_replicas(settings.learning_rate, settings, replicas),
                self.steps * settings.decay_epochs,
                settings.decay_rate,
            )
            self._schedule = warmed_up(decayed, settings, self.steps)
            self.optimizer = build_optimizer(settings, self._schedule, model.trainable_variables)
        some_batches, number = tf.TensorSpec([None, self._batch], tf.int32), tf.TensorSpec([], tf.int32)
        self._run_steps = tf.function(self._steps_graph, [some_batches, number, number], autograph=False)
        self._order = tf.function(self._order_graph, [number, number, number], autograph=False)
        self._validate = tf.function(self._validation_graph, autograph=False)

    @property
    def learning_rate(self) -> float:
        """The learning rate of the next step."""
        return float(self._schedule(self.optimizer.iterations))

    def schedule(self, epochs: int) -> tuple[tuple[float, float], ...]:
        """Returns the learning rate at some epochs, from 0 on, of so many."""
        at = np.linspace(0, epochs, min(epochs, SCHEDULE_POINTS) + 1)
        return tuple((float(epoch), float(self._schedule(epoch * self.steps))) for epoch in at)

    def run(self, epoch: int) -> dict[str, float]:
        """Trains one epoch, in an order of its own, and validates; an incomplete last batch is left out.

        Args:
            epoch: Its number, from 0.

        Returns:
            `loss` with the penalties, the cross-entropy without, `accuracy`, and the same of the validation rows; for a
            number `mse` and `mae` of what is learned. All but the accuracy and `mae` weigh the rows.
        """
        sums = np.zeros(METRICS)
        for number, count in enumerate(self._train.shuffled((self._seed, epoch))):
            order = self._order(*map(tf.constant, (count, epoch, number)))
            for begin in range(0, len(order), self._steps_per_execution):
                end = min(begin + self._steps_per_execution, len(order))
                sums += self._run_steps(order, tf.constant(begin), tf.constant(end)).numpy()
        trained = dict(zip(self._names, map(float, sums / self.steps), strict=True))
        return trained | self._measured("val_", self._validation)

    def initial(self) -> dict[str, float]:
        """Measures the validation rows, and the training rows where they are in memory, without training."""
        found = self._measured("val_", self._validation)
        return found | self._measured("", self._train) if self._train.is_whole else found

    def _measured(self, prefix: str, windows: Windows) -> dict[str, float]:
        sums = sum(self._validate(windows, count).numpy() for count in windows)
        return {
            f"{prefix}{name}": float(mean) for name, mean in zip(self._names, sums / self._sizes[prefix], strict=True)
        }

    def _order_graph(self, count: tf.Tensor, epoch: tf.Tensor, number: tf.Tensor) -> tf.Tensor:
        """The batches of a window of so many rows, int32 [steps, batch]: the places of their rows."""
        shuffled = tf.random.experimental.stateless_shuffle(tf.range(count), tf.stack([self._seed + number, epoch]))
        steps = count // self._batch
        return tf.reshape(shuffled[: steps * self._batch], [steps, self._batch])

    def _steps_graph(self, order: tf.Tensor, begin: tf.Tensor, end: tf.Tensor) -> tf.Tensor:
        def body(step: tf.Tensor, sums: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
            per_replica = self._strategy.run(self._train_step, args=(order[step],))
            return step + 1, sums + self._strategy.reduce(tf.distribute.ReduceOp.SUM, per_replica, axis=None)

        _, sums = tf.while_loop(lambda step, _: step < end, body, (begin, tf.zeros([METRICS])), parallel_iterations=1)
        return sums

    def _train_step(self, batch: tf.Tensor) -> tf.Tensor:
        """Trains on this replica's part of a batch; returns its part of the means."""
        context = tf.distribute.get_replica_context()
        replicas = context.num_replicas_in_sync
        share = self._batch // replicas
        chosen = tf.slice(batch, [share * context.replica_id_in_sync_group], [share])
        features, weights, labels = self._unpacked(tf.gather(self._train.rows.read_value(), chosen))
        with tf.GradientTape() as tape:
            outputs = self._model(features, training=True)
            plain = tf.reduce_mean(_times(self.objective.losses(outputs, labels), weights))
            loss = plain + tf.add_n(self._model.losses) if self._model.losses else plain
            # Gradients are summed over the replicas.
            scaled = loss / replicas
        variables = self._model.trainable_variables
        self.optimizer.apply_gradients(zip(tape.gradient(scaled, variables), variables, strict=True))
        return tf.stack([loss, plain, tf.reduce_mean(self.objective.measured(outputs, labels))]) / replicas

    def _validation_graph(self, windows: Windows, count: int) -> tf.Tensor:
        """The sums of the metrics over the first rows of the window at hand, of whose parts XLA knows the shapes."""
        whole, rest = divmod(count, VALIDATED_ROWS)
        sums = tf.zeros([METRICS])

        def body(part: tf.Tensor, sums: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
            return part + 1, sums + self._validated(windows, part * VALIDATED_ROWS, VALIDATED_ROWS)

        if whole:
            _, sums = tf.while_loop(lambda part, _: part < whole, body, (0, sums), parallel_iterations=1)
        return sums + self._validated(windows, tf.constant(whole * VALIDATED_ROWS), rest) if rest else sums

    def _validated(self, windows: Windows, begin: tf.Tensor, count: int) -> tf.Tensor:
        """The sums over so many rows, which every replica computes."""
        per_replica = self._strategy.run(partial(self._validation_step, windows, count), args=(begin,))
        return self._strategy.reduce(tf.distribute.ReduceOp.MEAN, per_replica, axis=None)

    def _validation_step(self, windows: Windows, count: int, begin: tf.Tensor) -> tf.Tensor:
        window = windows.rows.read_value()
        rows = tf.slice(window, [begin, 0], [count, window.shape[1]])
        features, weights, labels = self._unpacked(rows)
        outputs = self._model(features, training=False)
        plain = tf.reduce_sum(_times(self.objective.losses(outputs, labels), weights))
        penalties = tf.add_n(self._model.losses) if self._model.losses else 0.0
        loss = plain + penalties * (float(count) if weights is None else tf.reduce_sum(weights))
        return tf.stack([loss, plain, tf.reduce_sum(self.objective.measured(outputs, labels))])

    def _unpacked(self, rows: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor | None, tf.Tensor]:
        """Returns features, float32 [rows, columns], weights, float32 [rows], None for 1 each, and labels, [rows]."""
        labels = self.objective.labels(rows[:, -1])
        weights = rows[:, -2] if self._weighted_rows else None
        if self._scales is not None:
            weights = _times(self.objective.factors(self._scales, labels), weights)
        return rows[:, : self._columns], weights, labels


def train(
    model: keras.Model, rows: TrainingRows, settings: MLPTraining, name: str = "", checkpoints: str = ""
) -> LearningCurves:
    """Trains until the validation loss without penalties is no lower for `patience` epochs; the best weights are kept.

    Args:
        model: The model, changed in place.
        rows: Both splits.
        settings: The trainer's settings.
        name: The model's name, for the progress.
        checkpoints: Folder of this training's checkpoints, from which it goes on; "" keeps none.

    Raises:
        TransferlineError: The loss is no longer a number.
    """
    runner = EpochRunner(model, rows, settings)
    metrics, best = EpochMetrics(), BestWeights(model)
    saved = Checkpoints(
        checkpoints,
        settings.checkpoint_seconds,
        model.distribute_strategy,
        metrics,
        model=model,
        optimizer=runner.optimizer,
        best=best,
    )
    saved.restore()
    if not metrics.epochs:
        metrics.initial = runner.initial()
    shown = 0.0
    while metrics.epochs < settings.max_epochs and metrics.epochs - best.epoch < settings.patience:
        values = _epoch(runner, metrics.epochs)
        metrics.add(values)
        best.compare(values[f"val_{runner.objective.name}"], metrics.epochs, model)
        if time.monotonic() - shown > PROGRESS_SECONDS:
            shown = time.monotonic()
            detail = f"{name} val_{runner.objective.name} {best.objective:.4f}".strip()
            line = f"{name} epoch {metrics.epochs}: {progress.values_text(values)}, best in epoch {best.epoch}".strip()
            progress.report(metrics.epochs, None, "epochs", detail, line=line)
        saved.save_if_due()
    model.set_weights(best.weights)
    return LearningCurves(
        epochs=tuple(range(1, metrics.epochs + 1)),
        fine_tuning_starts_at=None,
        best_epoch=best.epoch,
        metrics={key: tuple(values) for key, values in metrics.values.items()},
        initial=metrics.initial,
        schedule=runner.schedule(settings.max_epochs),
        crossentropy=runner.objective.name,
    )


def _epoch(runner: EpochRunner, epoch: int) -> Mapping[str, float]:
    rate, began = runner.learning_rate, time.monotonic()
    values = runner.run(epoch)
    for name in ("loss", "val_loss"):
        _check_finite(name, values[name], epoch, rate)
    return {**values, "learning_rate": rate, "seconds": time.monotonic() - began}


def log_to_tensorboard(curves: LearningCurves, folder: str) -> None:
    """Writes the curves where TensorBoard shows training and validation as two runs of one chart."""
    every = max(1, len(curves.epochs) // LOGGED_POINTS)
    for run, prefix in (("train", ""), ("validation", "val_")):
        with tf.summary.create_file_writer(os.path.join(folder, run)).as_default():
            for key in ("loss", curves.crossentropy, curves.beside):
                _log_curve(f"epoch_{key}", curves.metrics[prefix + key], every)
            if run == "train":
                _log_curve("epoch_learning_rate", curves.metrics["learning_rate"], every)


def _log_curve(name: str, values: tuple[float, ...], every: int) -> None:
    for epoch in range(0, len(values), every):
        tf.summary.scalar(name, values[epoch], step=epoch)


def _memory_of_windows(rows: TrainingRows, cache_bytes: int) -> int | None:
    """The bytes of memory that windows may take; None where both splits fit in as a whole."""
    needed = rows.train.nbytes + rows.validation.nbytes
    if needed <= cache_bytes:
        LOGGER.info("%d bytes of packed rows are held in memory", needed)
        return None
    LOGGER.info(
        "%d bytes of packed rows are more than trainer.cache_bytes: each epoch reads them from a file in %s",
        needed,
        rows.train.place,
    )
    return cache_bytes


def _weight_of(rows: PackedRows, scales: Weights | None) -> float:
    """The weights of all rows together."""
    if not rows.by_class:
        return rows.weight * (1.0 if scales is None else float(scales[0]))
    return sum(weight * (1.0 if scales is None else float(scales[number])) for number, weight in rows.by_class.items())


def _size_of(rows: PackedRows, scales: Weights | None) -> list[float]:
    """What the sum over all rows of each metric is divided by; the last isn't weighted."""
    weight = _weight_of(rows, scales)
    return [weight, weight, rows.rows]


def _times(values: tf.Tensor, weights: tf.Tensor | None) -> tf.Tensor:
    return values if weights is None else values * weights


def _batch_size(batch_size: int, rows: int, replicas: int) -> int:
    size = min(batch_size, rows)
    size -= size % replicas
    if not size:
        raise TransferlineError(
            f"{min(batch_size, rows)} rows can't be divided among {replicas} replicas.",
            place="trainer.strategy",
            cure='Use strategy "one_device".',
        )
    return size


def _check_finite(name: str, loss: float, epoch: int, rate: float) -> None:
    if not math.isfinite(loss):
        called = "loss" if name == "loss" else "validation loss"
        raise TransferlineError(
            f"The {called} became {loss} in epoch {epoch + 1}, at a learning rate of {rate:g}: training diverged.",
            place="trainer.learning_rate",
            cure="Lower the learning rate, or look for extreme values in the data.",
        )
