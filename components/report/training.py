"""Reads the report's part on the training from the output of the Trainer and the Tuner."""

import os

import tensorflow as tf

from components.report.review import TrainingReview
from components.trainer.curves import find_curves, read_curves

COMPARED_FOLDER = "models"
"""Where the Tuner keeps a folder for each model it compared."""


def read_training(model_run: str, tuner_results: str) -> TrainingReview | None:
    """Returns the learning curves.

    Args:
        model_run: The Trainer's output of that name.
        tuner_results: The Tuner's; "" where there was no Tuner.

    Returns:
        None where the Trainer wrote no curves.
    """
    curves = find_curves(model_run)
    if curves is None:
        return None
    folder = os.path.join(tuner_results, COMPARED_FOLDER) if tuner_results else ""
    names = [name.rstrip("/") for name in tf.io.gfile.listdir(folder)] if folder and tf.io.gfile.isdir(folder) else []
    return TrainingReview(
        curves=curves,
        compared={name: read_curves(os.path.join(folder, name)) for name in sorted(names)},
    )
