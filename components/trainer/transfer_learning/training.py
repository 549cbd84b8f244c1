"""Trains the model in two phases: the head, then the upper layers of the base with it."""

import os
from collections.abc import Callable, Sequence
from typing import NamedTuple

import tensorflow as tf
import tf_keras as keras

from components.trainer.best_weights import BestWeights
from components.trainer.checkpoints import Checkpoints
from components.trainer.class_weights import Weights
from components.trainer.curves import LearningCurves
from components.trainer.learning_rates import Rate, of_replicas, warmed_up
from components.trainer.strategy import is_chief
from components.trainer.transfer_learning.callbacks import (
    EndWithPatience,
    EpochProgress,
    FailOnNaN,
    KeepBestWeights,
    MetricsRecorder,
    SaveCheckpoints,
)
from components.trainer.transfer_learning.config import FeatureExtraction, FineTuning, TransferLearning
from components.trainer.transfer_learning.model import HeadKind, loss_of, metrics_of, unfreeze


class TrainingData(NamedTuple):
    """Batches of (photos float32 [batch, size, size, 3], class numbers [batch]), or of what is made of them.

    Attributes:
        train: Returns the training split's of some epochs, counted from 0.
        validation: The validation split's; where the strategy needs batches of one shape, with the weight of each
            place, float32 [batch], as a third: 0 where no photo is.
        steps: Batches an epoch, where those of one epoch follow those of another; None where each epoch begins anew.
    """

    train: Callable[[range], tf.data.Dataset]
    validation: tf.data.Dataset
    steps: int | None = None

    @property
    def batches(self) -> int:
        """Batches an epoch."""
        return self.steps or int(self.train(range(1)).cardinality())


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
        number: From 1 on.
        name: Of the folder of its checkpoints.
        optimizer: Keras's class.
        settings: Of the phase.
    """

    number: int
    name: str
    optimizer: type[keras.optimizers.Optimizer]
    settings: FeatureExtraction | FineTuning


class Course(NamedTuple):
    """What the phases of a training have in common.

    Attributes:
        model: The whole model, of which all is saved.
        head: What its head gives.
        loss: What is minimised.
        settings: The trainer's settings.
        recorder: Knows how many epochs there were, and takes what a checkpoint says of them.
        best: Takes the weights of the best epoch; None where those of the last one are kept.
        watchers: Take part in no way.
        checkpoints: Folder of the training's checkpoints; "" keeps none.
    """

    model: keras.Model
    head: HeadKind
    loss: keras.losses.Loss
    settings: TransferLearning
    recorder: MetricsRecorder
    best: BestWeights | None
    watchers: Sequence[keras.callbacks.Callback]
    checkpoints: str


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

    Fine tuning begins with the best weights of feature extraction, and where it finds no better ones, those are kept.

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
    watchers: list[keras.callbacks.Callback] = []
    if is_chief(model.distribute_strategy):
        watchers.append(keras.callbacks.TensorBoard(log_dir, write_graph=False, profile_batch=0))
    recorder, best = MetricsRecorder(), BestWeights(model) if settings.restore_best_weights else None
    loss = loss_of(head, class_weights)
    course = Course(model, head, loss, settings, recorder, best, watchers, checkpoints)
    planned = fit(
        Phase(1, "feature_extraction", keras.optimizers.Adam, settings.feature_extraction), lessons[0], course
    )
    first = recorder.metrics.epochs
    if settings.fine_tuning.epochs:
        unfreeze(base, settings.first_to_learn)
        planned += fit(Phase(2, "fine_tuning", keras.optimizers.RMSprop, settings.fine_tuning), lessons[1], course)
    return LearningCurves(
        epochs=tuple(range(1, recorder.metrics.epochs + 1)),
        fine_tuning_starts_at=first if settings.fine_tuning.epochs else None,
        best_epoch=best.epoch if best else None,
        metrics={name: tuple(values) for name, values in recorder.metrics.values.items()},
        initial=recorder.metrics.initial,
        schedule=tuple(planned),
    )


def fit(phase: Phase, lesson: Lesson, course: Course) -> list[tuple[float, float]]:
    """Trains what may learn, from the phase's last checkpoint on, to the end of the phase.

    Args:
        phase: The phase.
        lesson: What is trained of the model, and on what.
        course: What the phases have in common; its recorder has the epochs of the phases before.

    Returns:
        The phase's learning rate by the epoch, also of epochs that it might have had; see `LearningCurves`.
    """
    metrics, settings = course.recorder.metrics, course.settings
    strategy = course.model.distribute_strategy
    with strategy.scope():
        rate = learning_rate(phase.settings, settings, lesson.data, strategy.num_replicas_in_sync)
        optimizer = phase.optimizer(rate)
        learner = lesson.model
        learner.compile(
            optimizer,
            course.loss,
            weighted_metrics=metrics_of(course.head),
            steps_per_execution=settings.steps_per_execution,
        )
        # A checkpoint needs the variables before the first step, which would make them.
        optimizer.build(learner.trainable_variables)
    begin = metrics.epochs
    end = begin + phase.settings.epochs
    saved = Checkpoints(
        os.path.join(course.checkpoints, phase.name) if course.checkpoints else "",
        settings.checkpoint_seconds,
        strategy,
        metrics,
        layers=course.model.layers,
        optimizer=optimizer,
        **({"best": course.best} if course.best else {}),
    )
    saved.restore()
    patience = EndWithPatience(metrics, begin, phase.settings.patience or phase.settings.epochs)
    # AutoGraph would rewrite what Keras has around a step, and there is a loop in that only for several steps.
    as_it_is = tf.autograph.experimental.do_not_convert if settings.steps_per_execution == 1 else lambda method: method
    if not metrics.epochs:
        metrics.initial = _measured(as_it_is(learner.evaluate), lesson.data)
    if metrics.epochs < end and not patience.is_over:
        as_it_is(learner.fit)(
            lesson.data.train(range(metrics.epochs, end)),
            validation_data=lesson.data.validation,
            initial_epoch=metrics.epochs,
            epochs=end,
            steps_per_epoch=lesson.data.steps,
            callbacks=[
                FailOnNaN(),
                course.recorder,
                *course.watchers,
                *([KeepBestWeights(course.best, course.model)] if course.best else []),
                patience,
                EpochProgress(phase.number, begin, end),
                SaveCheckpoints(saved, end),
            ],
            verbose=0,
        )
    if course.best:
        course.model.set_weights(course.best.weights)
    return _planned(rate, lesson.data, range(begin, end + 1))


def _planned(rate: Rate, data: TrainingData, epochs: range) -> list[tuple[float, float]]:
    """Returns the learning rate by the epochs before it, of a phase that begins and may end with these."""
    batches = data.batches if callable(rate) else 0
    rates = [rate((epoch - epochs[0]) * batches) if callable(rate) else rate for epoch in epochs]
    return [(epoch, float(each)) for epoch, each in zip(epochs, rates, strict=True)]


def learning_rate(
    phase: FeatureExtraction | FineTuning, settings: TransferLearning, data: TrainingData, replicas: int
) -> Rate:
    """Returns the learning rate of a phase: scaled with the replicas, by its schedule, and warmed up.

    Args:
        phase: The settings of the phase.
        settings: The trainer's settings.
        data: What the phase trains on.
        replicas: Devices that work on one batch together.
    """
    rate: Rate = of_replicas(phase.learning_rate, settings, replicas)
    if phase.schedule != "constant":
        rate = keras.optimizers.schedules.CosineDecay(rate, phase.epochs * data.batches)
    return warmed_up(rate, settings, data.batches) if settings.warm_up_epochs else rate


def _measured(evaluate: Callable[..., dict[str, float]], data: TrainingData) -> dict[str, float]:
    """Returns loss and accuracy as they are: of the validation split, and of the training photos where they are stored.

    To read the photos themselves would cost a pass, and draw from the seed of their order.
    """
    found = {f"val_{name}": value for name, value in evaluate(data.validation, verbose=0, return_dict=True).items()}
    if data.steps is not None:
        found |= evaluate(data.train(range(1)), steps=data.steps, verbose=0, return_dict=True)
    return found
