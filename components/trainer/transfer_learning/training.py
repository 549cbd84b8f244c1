"""Trains the model in two phases: the head, then the upper layers of the base with it."""

import os
from collections.abc import Callable, Sequence
from typing import NamedTuple

import tensorflow as tf
import tf_keras as keras

from components.trainer.checkpoints import Checkpoints
from components.trainer.class_weights import Weights
from components.trainer.curves import LearningCurves
from components.trainer.strategy import is_chief
from components.trainer.transfer_learning.callbacks import EpochProgress, FailOnNaN, MetricsRecorder, SaveCheckpoints
from components.trainer.transfer_learning.config import TransferLearning
from components.trainer.transfer_learning.model import HeadKind, loss_of, metrics_of, unfreeze


class TrainingData(NamedTuple):
    """Batches of (photos float32 [batch, size, size, 3] in [-1, 1], class numbers [batch]), or of what is made of them.

    Attributes:
        train: Returns the training split's from an epoch on, counted from 0.
        validation: The validation split's.
        steps: Batches an epoch, where those of one epoch follow those of another; None where each epoch begins anew.
    """

    train: Callable[[int], tf.data.Dataset]
    validation: tf.data.Dataset
    steps: int | None = None


class Lesson(NamedTuple):
    """What a phase trains, and on what.

    Attributes:
        model: The model, or the part of it whose input is `data`; it carries the strategy in whose scope it was built.
        data: The batches.
    """

    model: keras.Model
    data: TrainingData


class Phase(NamedTuple):
    """A part of the training that has an optimizer of its own.

    Attributes:
        name: Also of the folder of its checkpoints.
        optimizer: Keras's class.
        learning_rate: The optimizer's.
        epochs: Number of its last epoch, counted over all phases.
    """

    name: str
    optimizer: type[keras.optimizers.Optimizer]
    learning_rate: float
    epochs: int


def train(
    model: keras.Model,
    base: keras.Model,
    head: HeadKind,
    lessons: tuple[Lesson, Lesson],
    settings: TransferLearning,
    log_dir: str,
    checkpoints: str = "",
    class_weights: Weights | None = None,
) -> LearningCurves:
    """Trains the head, then the upper layers of the base with it.

    A training that is started again goes through both phases again, each from its last checkpoint on: of a phase that
    was at its end nothing is left to do.

    Args:
        model: The whole model, changed in place; it carries the strategy in whose scope it was built.
        base: The model's base, frozen.
        head: What the model's head gives.
        lessons: Of the two phases.
        settings: The trainer's settings.
        log_dir: Folder of the TensorBoard logs; both phases are on one axis.
        checkpoints: Folder of this training's checkpoints; "" keeps none.
        class_weights: What the loss of a photo of each class is multiplied by; None for 1 each.

    Raises:
        TransferlineError: The loss is no longer a number.
    """
    recorder = MetricsRecorder()
    callbacks = [FailOnNaN(), recorder, EpochProgress(settings.epochs)]
    if is_chief(model.distribute_strategy):
        callbacks.append(keras.callbacks.TensorBoard(log_dir, write_graph=False, profile_batch=0))
    first, second = settings.feature_extraction, settings.fine_tuning
    frozen = Phase("feature_extraction", keras.optimizers.Adam, first.learning_rate, first.epochs)
    loss = loss_of(head, class_weights)
    fit(frozen, model, head, loss, lessons[0], settings, recorder, callbacks, checkpoints)
    if second.epochs:
        unfreeze(base, second.from_layer)
        tuned = Phase("fine_tuning", keras.optimizers.RMSprop, second.learning_rate, settings.epochs)
        fit(tuned, model, head, loss, lessons[1], settings, recorder, callbacks, checkpoints)
    return LearningCurves(
        epochs=tuple(range(1, settings.epochs + 1)),
        fine_tuning_starts_at=first.epochs if second.epochs else None,
        metrics={name: tuple(values) for name, values in recorder.metrics.values.items()},
    )


def fit(
    phase: Phase,
    model: keras.Model,
    head: HeadKind,
    loss: keras.losses.Loss,
    lesson: Lesson,
    settings: TransferLearning,
    recorder: MetricsRecorder,
    callbacks: Sequence[keras.callbacks.Callback],
    checkpoints: str,
) -> None:
    """Trains what may learn, from the phase's last checkpoint on, to the end of the phase.

    Args:
        phase: The phase.
        model: The whole model, of which all is saved.
        head: What its head gives.
        loss: What is minimised.
        lesson: What is trained of it, and on what.
        settings: The trainer's settings.
        recorder: Knows how many epochs there were, and takes what the checkpoint says of them.
        callbacks: What watches; the recorder is among them.
        checkpoints: Folder of the training's checkpoints; "" keeps none.
    """
    strategy = model.distribute_strategy
    with strategy.scope():
        optimizer = phase.optimizer(phase.learning_rate)
        learner = lesson.model
        learner.compile(optimizer, loss, metrics_of(head), steps_per_execution=settings.steps_per_execution)
        # A checkpoint needs the variables before the first step, which would make them.
        optimizer.build(learner.trainable_variables)
    folder = os.path.join(checkpoints, phase.name) if checkpoints else ""
    saved = Checkpoints(
        folder,
        settings.checkpoint_seconds,
        strategy,
        recorder.metrics,
        layers=model.layers,
        optimizer=optimizer,
    )
    saved.restore()
    if recorder.metrics.epochs < phase.epochs:
        trained = learner.fit
        if settings.steps_per_execution == 1:
            # AutoGraph would rewrite what Keras has around a step, and there is a loop in that only for several steps.
            trained = tf.autograph.experimental.do_not_convert(learner.fit)
        trained(
            lesson.data.train(recorder.metrics.epochs),
            validation_data=lesson.data.validation,
            initial_epoch=recorder.metrics.epochs,
            epochs=phase.epochs,
            steps_per_epoch=lesson.data.steps,
            callbacks=[*callbacks, SaveCheckpoints(saved, phase.epochs)],
            verbose=0,
        )
