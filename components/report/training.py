"""Reads the report's part on the training from the output of the Trainer and the Tuner."""

import os

import tensorflow as tf

from components.report.examples import data_uri
from components.report.review import TrainingReview
from components.trainer.curves import find_curves
from components.trainer.model_summary import find_summary
from components.trainer.pictures import find_augmented

COMPARED_FOLDER = "models"
"""Where the Tuner keeps a folder for each model it compared."""


def read_training(model_run: str, tuner_results: str) -> TrainingReview | None:
    """Returns the learning curves, and what else is told of the models.

    Args:
        model_run: The Trainer's output of that name.
        tuner_results: The Tuner's; "" where there was no Tuner.

    Returns:
        None where the Trainer wrote no curves.
    """
    chosen = find_curves(model_run)
    if chosen is None:
        return None
    root = os.path.join(tuner_results, COMPARED_FOLDER) if tuner_results else ""
    names = [name.rstrip("/") for name in tf.io.gfile.listdir(root)] if root and tf.io.gfile.isdir(root) else []
    folders = {name: os.path.join(root, name) for name in sorted(names)}
    compared = {name: curves for name, folder in folders.items() if (curves := find_curves(folder))}
    summaries = {name: find_summary(folders[name]) for name in compared}
    return TrainingReview(
        curves=chosen,
        compared=compared,
        summary=find_summary(model_run),
        summaries={name: summary for name, summary in summaries.items() if summary},
        augmented=tuple(map(data_uri, find_augmented(model_run))),
        logs=tuner_results if compared else model_run,
    )
