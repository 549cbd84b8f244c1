"""Keeps what the Tuner trained best, for the Trainer to export without training it again."""

import io
import logging
import os
from dataclasses import dataclass

import numpy as np
import tensorflow as tf

from components.settings import Settings
from components.trainer.curves import LearningCurves, read_curves
from components.trainer.mlp.config import MLPTraining
from components.trainer.mlp.one_model import RowTrainerArgs
from components.trainer.mlp.trained import Arrays

LOGGER = logging.getLogger(__name__)

CURVES_FOLDER = "models"
"""Where the Tuner's results have a folder with the curves of each model."""

WINNER_FOLDER = "winner"
WEIGHTS_FILE = "weights.npz"
KEY_FILE = "depends_on.json"


class DependsOn(Settings):
    """All that a model's trained weights depend on.

    Attributes:
        model: Its name.
        settings: Of the training.
        train_files: Glob patterns of the training split. No artifact is written twice: where it is says what it is.
        eval_files: Glob patterns of the validation split.
        transform_graph: Folder of the Transform step's output.
        code: Fingerprint of the code that trains, and of the libraries.
        strategy: How the training is distributed, as TensorFlow calls it: "auto" is what the machine has.
        replicas: Over so many devices.
    """

    model: str
    settings: MLPTraining
    train_files: tuple[str, ...]
    eval_files: tuple[str, ...]
    transform_graph: str
    code: str
    strategy: str
    replicas: int


@dataclass(frozen=True)
class Winner:
    """What the Tuner trained best.

    Attributes:
        weights: As the model gives them.
        curves: What the training went through.
    """

    weights: Arrays
    curves: LearningCurves


def depends_on(fn_args: RowTrainerArgs, name: str, strategy: tf.distribute.Strategy) -> DependsOn:
    """Returns what the weights of a model depend on, which TFX gives a tuner and a trainer alike."""
    return DependsOn(
        model=name,
        settings=MLPTraining.model_validate(fn_args.custom_config["trainer"]),
        train_files=tuple(fn_args.train_files),
        eval_files=tuple(fn_args.eval_files),
        transform_graph=fn_args.transform_graph_path,
        code=fn_args.custom_config["training_code"],
        strategy=type(strategy).__name__,
        replicas=strategy.num_replicas_in_sync,
    )


def write_winner(results: str, key: DependsOn, weights: Arrays) -> None:
    """Writes the weights of a model.

    Args:
        results: Folder of the Tuner's results.
        key: What the weights depend on.
        weights: As the model gives them.
    """
    folder = os.path.join(results, WINNER_FOLDER)
    tf.io.gfile.makedirs(folder)
    arrays = io.BytesIO()
    np.savez(arrays, *weights)
    with tf.io.gfile.GFile(os.path.join(folder, WEIGHTS_FILE), "wb") as stream:
        stream.write(arrays.getvalue())
    with tf.io.gfile.GFile(os.path.join(folder, KEY_FILE), "w") as stream:
        stream.write(key.model_dump_json(indent=2))


def read_winner(results: str, key: DependsOn) -> Winner | None:
    """Reads the weights that a training would end with, if the Tuner has them.

    Args:
        results: Folder of the Tuner's results.
        key: What the weights of the training would depend on.

    Returns:
        None, and the log says why, where the Tuner kept none, or trained otherwise.
    """
    folder = os.path.join(results, WINNER_FOLDER)
    if not tf.io.gfile.exists(os.path.join(folder, KEY_FILE)):
        LOGGER.info("%s is trained: %s has no weights of the Tuner", key.model, results)
        return None
    with tf.io.gfile.GFile(os.path.join(folder, KEY_FILE)) as stream:
        kept = DependsOn.model_validate_json(stream.read())
    if kept != key:
        others = [name for name in DependsOn.model_fields if getattr(kept, name) != getattr(key, name)]
        LOGGER.info("%s is trained: what the Tuner trained differs in %s", key.model, ", ".join(others))
        return None
    with (
        tf.io.gfile.GFile(os.path.join(folder, WEIGHTS_FILE), "rb") as stream,
        np.load(io.BytesIO(stream.read())) as npz,
    ):
        weights = [npz[name] for name in npz.files]
    curves = read_curves(os.path.join(results, CURVES_FOLDER, key.model))
    LOGGER.info("%s was trained by the Tuner, in %d epochs, and isn't trained again", key.model, len(curves.epochs))
    return Winner(weights, curves.model_copy(update={"trained_by": "Tuner"}))
