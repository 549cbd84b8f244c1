"""Defines the Keras callbacks that watch a training."""

import math
import time
from collections.abc import Sequence

import tf_keras as keras

from components import progress
from components.errors import TransferlineError
from components.trainer.best_weights import BestWeights
from components.trainer.checkpoints import Checkpoints, EpochMetrics

MONITORED = "val_loss"
"""What the best epoch has the lowest value of."""


class MetricsRecorder(keras.callbacks.Callback):
    """Keeps the metrics, learning rate and seconds of each epoch, over several calls of `fit`.

    Attributes:
        metrics: Of all epochs so far.
    """

    def __init__(self) -> None:
        super().__init__()
        self.metrics = EpochMetrics()
        self._began = self._rate = 0.0

    def on_epoch_begin(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        """Starts the clock, and takes the learning rate of the epoch's first step."""
        self._rate = learning_rate_of(self.model.optimizer)
        self._began = time.monotonic()

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        """Keeps one value of each metric."""
        seconds = round(time.monotonic() - self._began, 3)
        self.metrics.add({**(logs or {}), "learning_rate": self._rate, "seconds": seconds})


def learning_rate_of(optimizer: keras.optimizers.Optimizer) -> float:
    """Returns the learning rate of an optimizer's next step; Keras tells that of the last one."""
    rate = optimizer._learning_rate
    if isinstance(rate, keras.optimizers.schedules.LearningRateSchedule):
        rate = rate(optimizer.iterations)
    return float(keras.backend.get_value(rate))


class KeepBestWeights(keras.callbacks.Callback):
    """Keeps the weights of the best epoch.

    Args:
        best: Takes them.
        whole: The model whose weights they are, of which the one that is trained may be a part.
    """

    def __init__(self, best: BestWeights, whole: keras.Model) -> None:
        super().__init__()
        self._best, self._whole = best, whole

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        """Compares the epoch with the best one."""
        self._best.compare((logs or {})[MONITORED], epoch + 1, self._whole)


class EndWithPatience(keras.callbacks.Callback):
    """Ends a phase whose validation loss was no lower for some epochs.

    Args:
        metrics: Of all epochs so far, which a training that goes on knows, too.
        begin: Epochs before the phase.
        patience: So many epochs.
    """

    def __init__(self, metrics: EpochMetrics, begin: int, patience: int) -> None:
        super().__init__()
        self._metrics, self._begin, self._patience = metrics, begin, patience

    @property
    def is_over(self) -> bool:
        """Whether it has been long enough."""
        return epochs_since_lowest(self._metrics.values.get(MONITORED, [])[self._begin :]) >= self._patience

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        """Looks; must come after the `MetricsRecorder`."""
        if self.is_over:
            self.model.stop_training = True


def epochs_since_lowest(values: Sequence[float]) -> int:
    """Returns how many values came after the lowest one; of all that aren't numbers, all."""
    lowest = min((value for value in values if not math.isnan(value)), default=None)
    return len(values) if lowest is None else len(values) - 1 - values.index(lowest)


class SaveCheckpoints(keras.callbacks.Callback):
    """Saves a checkpoint after each epoch that one is due after, and after the last.

    Args:
        checkpoints: Of this phase.
        epochs: Number of the phase's last epoch.
    """

    def __init__(self, checkpoints: Checkpoints, epochs: int) -> None:
        super().__init__()
        self._checkpoints = checkpoints
        self._epochs = epochs

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        """Saves; must come after all that takes something of the epoch or ends the phase."""
        if epoch + 1 == self._epochs or self.model.stop_training:
            self._checkpoints.save()
        else:
            self._checkpoints.save_if_due()


class EpochProgress(keras.callbacks.Callback):
    """Reports each finished epoch of a phase.

    Args:
        phase: Its number, from 1 on.
        begin: Epochs before it.
        end: Number of its last epoch.
    """

    def __init__(self, phase: int, begin: int, end: int) -> None:
        super().__init__()
        self._phase, self._begin, self._end = phase, begin, end

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        """Reports the epoch, its validation accuracy and, in a line, all that was measured.

        Must come after what may end the phase: there is nothing left of it then.
        """
        done, metrics = epoch + 1, logs or {}
        is_over = getattr(self.model, "stop_training", False)
        progress.report(
            done - self._begin,
            (done if is_over else self._end) - self._begin,
            f"epochs of phase {self._phase}",
            f"val_accuracy {metrics['val_accuracy']:.3f}",
            line=f"epoch {done}: {progress.values_text(metrics)}",
        )


class FailOnNaN(keras.callbacks.Callback):
    """Ends a training whose loss, or validation loss, is no longer a number: no epoch would be the best.

    Looks once an epoch: the loss of an epoch is NaN if that of any batch is, and a look at each batch would make a
    GPU wait.
    """

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        """Raises TransferlineError if the loss isn't finite."""
        measured = logs or {}
        loss, validation = measured["loss"], measured.get("val_loss", 0.0)
        if not (math.isfinite(loss) and math.isfinite(validation)):
            rate = float(keras.backend.get_value(self.model.optimizer.learning_rate))
            named = f"The validation loss became {validation}" if math.isfinite(loss) else f"The loss became {loss}"
            raise TransferlineError(
                f"{named} in epoch {epoch + 1}, at a learning rate of {rate:g}: training diverged.",
                place="trainer.feature_extraction.learning_rate, trainer.fine_tuning.learning_rate",
                cure="Lower the learning rate, or check the weights in trainer.weights.",
            )
