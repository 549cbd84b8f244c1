"""Defines the Keras callbacks that watch a training."""

import math
import time

import tf_keras as keras

from components import progress
from components.errors import TransferlineError
from components.trainer.checkpoints import Checkpoints, EpochMetrics


class MetricsRecorder(keras.callbacks.Callback):
    """Keeps the metrics, learning rate and seconds of each epoch, over several calls of `fit`.

    Attributes:
        metrics: Of all epochs so far.
    """

    def __init__(self) -> None:
        super().__init__()
        self.metrics = EpochMetrics()
        self._began = 0.0

    def on_epoch_begin(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        """Starts the clock."""
        self._began = time.monotonic()

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        """Keeps one value of each metric."""
        rate = float(keras.backend.get_value(self.model.optimizer.learning_rate))
        seconds = round(time.monotonic() - self._began, 3)
        self.metrics.add({**(logs or {}), "learning_rate": rate, "seconds": seconds})


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
        """Saves; must come after the `MetricsRecorder`."""
        if epoch + 1 == self._epochs:
            self._checkpoints.save()
        else:
            self._checkpoints.save_if_due()


class EpochProgress(keras.callbacks.Callback):
    """Reports each finished epoch.

    Args:
        epochs: Epochs of all phases together.
    """

    def __init__(self, epochs: int) -> None:
        super().__init__()
        self._epochs = epochs

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        """Reports the epoch and its validation accuracy."""
        progress.report(epoch + 1, self._epochs, "epochs", f"val_accuracy {(logs or {})['val_accuracy']:.3f}")


class FailOnNaN(keras.callbacks.Callback):
    """Ends a training whose loss is no longer a number.

    Looks once an epoch: the loss of an epoch is NaN if that of any batch is, and a look at each batch would make a
    GPU wait.
    """

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        """Raises TransferlineError if the loss isn't finite."""
        loss = (logs or {})["loss"]
        if not math.isfinite(loss):
            rate = float(keras.backend.get_value(self.model.optimizer.learning_rate))
            raise TransferlineError(
                f"The loss became {loss} in epoch {epoch + 1}, at a learning rate of {rate:g}: training diverged.",
                place="trainer.feature_extraction.learning_rate, trainer.fine_tuning.learning_rate",
                cure="Lower the learning rate, or check the weights in trainer.weights.",
            )
