"""The two phases of training."""

from collections.abc import Sequence
from typing import NamedTuple

import tensorflow as tf
import tf_keras as keras

from components.trainer.curves import LearningCurves
from components.trainer.strategy import is_chief
from components.trainer.transfer_learning.callbacks import EpochProgress, FailOnNaN, Recorder
from components.trainer.transfer_learning.config import TransferLearning
from components.trainer.transfer_learning.model import HeadKind, loss_of, metrics_of, unfreeze


class TrainingData(NamedTuple):
    """Datasets of (photos float32 [batch, size, size, 3] in [-1, 1], class numbers [batch])."""

    train: tf.data.Dataset
    validation: tf.data.Dataset


def train(
    model: keras.Model,
    base: keras.Model,
    head: HeadKind,
    data: TrainingData,
    settings: TransferLearning,
    log_dir: str,
) -> LearningCurves:
    """Trains the head, then the upper layers of the base with it.

    Args:
        model: The model, changed in place; it carries the strategy in whose scope it was built.
        base: The model's base, frozen.
        head: What the model's head gives.
        data: The photos.
        settings: The trainer's settings.
        log_dir: Folder of the TensorBoard logs; both phases are on one axis.

    Raises:
        TransferlineError: The loss is no longer a number.
    """
    recorder = Recorder()
    callbacks = [FailOnNaN(), recorder, EpochProgress(settings.epochs)]
    if is_chief(model.distribute_strategy):
        callbacks.append(keras.callbacks.TensorBoard(log_dir, write_graph=False, profile_batch=0))
    extract_features(model, head, data, settings, callbacks)
    if settings.fine_tuning.epochs:
        fine_tune(model, base, head, data, settings, callbacks)
    return LearningCurves(
        epochs=tuple(range(1, settings.epochs + 1)),
        fine_tuning_starts_at=settings.feature_extraction.epochs if settings.fine_tuning.epochs else None,
        metrics={name: tuple(values) for name, values in recorder.metrics.items()},
    )


def extract_features(
    model: keras.Model,
    head: HeadKind,
    data: TrainingData,
    settings: TransferLearning,
    callbacks: Sequence[keras.callbacks.Callback],
) -> None:
    """Phase 1: trains the head on the features of the frozen base, with Adam."""
    with model.distribute_strategy.scope():
        optimizer = keras.optimizers.Adam(settings.feature_extraction.learning_rate)
        model.compile(optimizer, loss_of(head), metrics_of(head))
    epochs = settings.feature_extraction.epochs
    model.fit(data.train, validation_data=data.validation, epochs=epochs, callbacks=list(callbacks), verbose=0)


def fine_tune(
    model: keras.Model,
    base: keras.Model,
    head: HeadKind,
    data: TrainingData,
    settings: TransferLearning,
    callbacks: Sequence[keras.callbacks.Callback],
) -> None:
    """Phase 2: trains the upper layers of the base with the head, with RMSprop; epochs count on from phase 1."""
    unfreeze(base, settings.fine_tuning.from_layer)
    with model.distribute_strategy.scope():
        optimizer = keras.optimizers.RMSprop(settings.fine_tuning.learning_rate)
        model.compile(optimizer, loss_of(head), metrics_of(head))
    model.fit(
        data.train,
        validation_data=data.validation,
        initial_epoch=settings.feature_extraction.epochs,
        epochs=settings.epochs,
        callbacks=list(callbacks),
        verbose=0,
    )
