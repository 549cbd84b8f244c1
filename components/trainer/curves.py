"""Writes and reads the learning curves of a training, which are kept beside its model."""

import os
from typing import Literal

import tensorflow as tf

from components.settings import Settings

CURVES_FILE = "training.json"


class LearningCurves(Settings):
    """What a training went through, epoch by epoch.

    Attributes:
        epochs: The epochs' numbers from 1 on, over both phases.
        fine_tuning_starts_at: Epochs before fine tuning, so the index of its first epoch; None where there is none.
        best_epoch: The epoch whose weights were kept; None where those of the last one were.
        metrics: One value an epoch: "loss", "accuracy", "val_loss", "val_accuracy", "learning_rate", "seconds"; of rows
            also the cross-entropy, which is the loss without penalties. Where a number is predicted there is "mse" in
            place of that, and "mae" in place of the accuracy, both of what is learned: the label, or its logarithm,
            with a standard deviation of 1.
        initial: The same, but for the learning rate and the seconds, measured before the first step: of the validation
            split, and of the training split where that is cheap. Of trees before the first tree. No epoch counts it.
        schedule: The learning rate by the epoch, from 0 to the last that the training might have had; empty where the
            metrics have all of it.
        crossentropy: The metric that is the cross-entropy: "binary_crossentropy", "sparse_categorical_crossentropy", or
            "loss", where it has no penalties; "mse" where a number is predicted. With "val_" before it, that of the
            validation split.
        model: The model's name, where there are several to choose from.
        unit: What an epoch is; of trees an iteration, which adds one to each class.
        fitted_rows: Of how many training rows it was trained, where not of all; 0 for all.
        training_rows: How many there are; 0 where it was trained on all.
        trained_by: The step that trained it, of which the model was taken over.
        class_weights: What the loss of an example was multiplied by, by its class; empty for 1 each.
        weights: Where the pretrained weights came from and their SHA-256; empty for random ones.
    """

    epochs: tuple[int, ...]
    fine_tuning_starts_at: int | None
    best_epoch: int | None = None
    metrics: dict[str, tuple[float, ...]]
    initial: dict[str, float] = {}
    schedule: tuple[tuple[float, float], ...] = ()
    crossentropy: str = "loss"
    class_weights: dict[str, float] = {}
    weights: dict[str, str] = {}
    model: str = ""
    fitted_rows: int = 0
    training_rows: int = 0
    unit: Literal["epoch", "iteration"] = "epoch"
    trained_by: Literal["Trainer", "Tuner"] = "Trainer"

    @property
    def beside(self) -> str:
        """The metric that is measured beside the loss."""
        return "accuracy" if "accuracy" in self.metrics else "mae"

    @property
    def kept(self) -> str:
        """Which epoch's weights were kept, in a few words; "" where those of the last one were."""
        return f"best {self.unit} {self.best_epoch:,} of {len(self.epochs):,}" if self.best_epoch else ""

    @property
    def sampled(self) -> str:
        """Of how many training rows it was trained, as a sentence; "" where of all."""
        if self.fitted_rows == self.training_rows:
            return ""
        return (
            f"'{self.model}' was trained on {self.fitted_rows:,} of {self.training_rows:,} training rows, which were "
            "drawn by trainer.seed; trainer.models says how many these may be (max_rows)."
        )


def write_curves(curves: LearningCurves, folder: str) -> None:
    """Writes `training.json` into the folder of a model run."""
    tf.io.gfile.makedirs(folder)
    with tf.io.gfile.GFile(os.path.join(folder, CURVES_FILE), "w") as file:
        file.write(curves.model_dump_json(indent=2))


def find_curves(folder: str) -> LearningCurves | None:
    """Reads `training.json` from the folder of a model run; None where there is none."""
    return read_curves(folder) if tf.io.gfile.exists(os.path.join(folder, CURVES_FILE)) else None


def read_curves(folder: str) -> LearningCurves:
    """Reads `training.json` from the folder of a model run."""
    with tf.io.gfile.GFile(os.path.join(folder, CURVES_FILE)) as file:
        return LearningCurves.model_validate_json(file.read())
