"""How a learning rate begins, and what it is of several replicas. Source: Goyal et al. 2017, arXiv 1706.02677."""

from typing import TypeAlias, TypeVar

import tensorflow as tf
import tf_keras as keras

from components.trainer.config import TrainingSettings

Rate: TypeAlias = float | keras.optimizers.schedules.LearningRateSchedule
AnyRate = TypeVar("AnyRate", bound=Rate)


def of_replicas(rate: float, settings: TrainingSettings, replicas: int) -> float:
    """Returns the learning rate for so many replicas.

    With the linear scaling rule a batch of k times as many examples has k times the rate: one of its steps then goes as
    far as k steps of the smaller batch, as long as the gradient changes little between those.

    Args:
        rate: Of one replica.
        settings: The trainer's settings.
        replicas: Devices that work on one batch together.
    """
    return rate * replicas if settings.learning_rate_scaling == "linear" else rate


def warmed_up(rate: AnyRate, settings: TrainingSettings, steps_an_epoch: int) -> "AnyRate | WarmUp":
    """Returns a learning rate that grows to the given one over the first epochs; the given one where none is asked for.

    Args:
        rate: As it is after the warm-up; a schedule goes on from its first step.
        settings: The trainer's settings.
        steps_an_epoch: Training steps in an epoch.
    """
    steps = round(settings.warm_up_epochs * steps_an_epoch)
    return WarmUp(rate, steps) if steps > 1 else rate


class WarmUp(keras.optimizers.schedules.LearningRateSchedule):
    """Multiplies a learning rate by 1/n, 2/n and so on in the first n steps, and by 1 from then on.

    Args:
        rate: The learning rate.
        steps: n, above 0.
    """

    def __init__(self, rate: Rate, steps: int) -> None:
        super().__init__()
        self._rate, self._steps = rate, steps

    def __call__(self, step: tf.Tensor) -> tf.Tensor:
        """Returns the learning rate of a step, counted from 0, float32 []."""
        rate = self._rate(step) if callable(self._rate) else self._rate
        share = tf.minimum((tf.cast(step, tf.float32) + 1) / self._steps, 1.0)
        return share * rate
