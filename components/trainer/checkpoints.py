"""Saves checkpoints, so that a training that was killed goes on where it was when it is started again."""

import hashlib
import json
import logging
import os
import time
import uuid
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import tensorflow as tf

from components.trainer.strategy import broadcast_from_chief, is_chief

LOGGER = logging.getLogger(__name__)

KEPT = 2
"""The newest, and the one before it, should the newest not be whole."""

IN_MEMORY = "ram://"
"""TensorFlow's file system in the memory of this process."""


class CheckpointArgs(Protocol):
    """What is used of TFX's FnArgs; `custom_config["checkpoints"]` is the folder that holds those of all trainings.

    On where "features" are stored nothing depends, nor on "tuner_results".
    """

    train_files: Sequence[str]
    eval_files: Sequence[str]
    transform_graph_path: str
    hyperparameters: Mapping[str, Any] | None
    custom_config: Mapping[str, Any]


def checkpoint_folder(fn_args: CheckpointArgs) -> str:
    """Returns the folder of one training's checkpoints; "" where none are to be kept.

    Its name is a hash of all that the training depends on: where the data and the transform graph are, which the cache
    leaves as it is for a run that is started again, the settings, and the fingerprints of source and weights.
    """
    config = dict(fn_args.custom_config)
    root = config.pop("checkpoints", "")
    for where in ("features", "tuner_results"):
        config.pop(where, None)
    if not root:
        return ""
    depends_on = [
        sorted(fn_args.train_files),
        sorted(fn_args.eval_files),
        fn_args.transform_graph_path,
        getattr(fn_args, "hyperparameters", None),
        config,
    ]
    digest = hashlib.sha256(json.dumps(depends_on, sort_keys=True, default=str).encode())
    return os.path.join(root, digest.hexdigest()[:16])


def remove_checkpoints(folder: str) -> None:
    """Removes a training's checkpoints, as the last thing it does; `folder` is as `checkpoint_folder` returns it."""
    if folder and tf.io.gfile.exists(folder):
        tf.io.gfile.rmtree(folder)


class EpochMetrics(tf.train.experimental.PythonState):
    """The metrics of every epoch so far, which a checkpoint keeps with the weights.

    Attributes:
        values: One list a metric, one value an epoch.
        initial: One value a metric, measured before the first step.
    """

    def __init__(self) -> None:
        super().__init__()
        self.values: dict[str, list[float]] = {}
        self.initial: dict[str, float] = {}

    @property
    def epochs(self) -> int:
        """Number of epochs so far."""
        return max(map(len, self.values.values()), default=0)

    def add(self, values: Mapping[str, float]) -> None:
        """Takes the metrics of one more epoch."""
        for name, value in values.items():
            self.values.setdefault(name, []).append(float(value))

    def serialize(self) -> str:
        """Returns the metrics as JSON."""
        return json.dumps({"values": self.values, "initial": self.initial})

    def deserialize(self, string_value: bytes) -> None:
        """Takes the metrics from JSON."""
        found = json.loads(string_value)
        self.values, self.initial = found["values"], found["initial"]


class Checkpoints:
    """Checkpoints of a training, or of one phase of it.

    Several workers call each method together; only the chief's files are kept.

    Args:
        folder: Local folder or gs:// prefix; "" keeps no checkpoints.
        seconds: Age of the last checkpoint from which another is due.
        strategy: How the training is distributed.
        metrics: Is saved with the parts; its epochs are the checkpoint's number.
        parts: What else is saved: layers, optimizers, lists of them. They must have all their variables.
    """

    def __init__(
        self, folder: str, seconds: float, strategy: tf.distribute.Strategy, metrics: EpochMetrics, **parts: Any
    ) -> None:
        self._folder, self._seconds, self._strategy, self._metrics = folder, seconds, strategy, metrics
        if not folder:
            return
        self._checkpoint = tf.train.Checkpoint(metrics=metrics, **parts)
        # Saving what is spread over workers takes all of them, so the others save too, to nowhere.
        own = folder if is_chief(strategy) else f"{IN_MEMORY}{uuid.uuid4().hex}"
        self._manager = self._manager_of(own)
        self._saved = time.monotonic()

    def restore(self) -> None:
        """Takes everything from the newest checkpoint that is whole and fits; without one, leaves it as it is."""
        if not self._folder:
            return
        found = list(reversed(self._manager.checkpoints)) if is_chief(self._strategy) else []
        if not broadcast_from_chief(self._strategy, len(found)):
            return
        scratch = f"{IN_MEMORY}{uuid.uuid4().hex}"
        untouched = self._checkpoint.write(f"{scratch}/untouched")
        number = broadcast_from_chief(self._strategy, self._restore_first(found, untouched))
        if number and not is_chief(self._strategy):
            self._checkpoint.restore(os.path.join(self._folder, f"ckpt-{number}")).assert_consumed()
        tf.io.gfile.rmtree(scratch)

    def save_if_due(self) -> None:
        """Saves a checkpoint if the last one is old enough; must come at the end of every epoch."""
        if not self._folder:
            return
        # Clocks differ: the chief's is the one that counts.
        if broadcast_from_chief(self._strategy, int(time.monotonic() - self._saved >= self._seconds)):
            self.save()

    def save(self) -> None:
        """Saves a checkpoint."""
        if self._folder:
            self._manager.save(checkpoint_number=self._metrics.epochs)
            self._saved = time.monotonic()

    def _manager_of(self, folder: str) -> tf.train.CheckpointManager:
        try:
            return tf.train.CheckpointManager(self._checkpoint, folder, KEPT)
        except ValueError as error:
            LOGGER.warning("the list of checkpoints in %s can't be read; they are ignored: %s", folder, error)
            tf.io.gfile.rmtree(folder)
            return tf.train.CheckpointManager(self._checkpoint, folder, KEPT)

    def _restore_first(self, paths: Sequence[str], untouched: str) -> int:
        """Restores the first checkpoint that can be; returns its number, 0 if there is none."""
        for path in paths:
            try:
                self._checkpoint.restore(path).assert_consumed()
            except Exception as error:  # whatever is wrong with a file, training must not end by it
                LOGGER.warning("the checkpoint %s can't be used and is ignored: %s", path, error)
                self._checkpoint.read(untouched)
            else:
                LOGGER.info("training goes on after epoch %d, from %s", self._metrics.epochs, path)
                return self._metrics.epochs
        return 0
