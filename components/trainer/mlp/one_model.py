"""Trains one of the models: what the Tuner's trials and the Trainer share.

What a training comes to is in this module and those that it imports: `pipeline/graph.py` gives both steps their
fingerprint, by which the Trainer knows whether it would train as the Tuner did.
"""

import logging
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import tensorflow as tf
import tensorflow_transform as tft
import tf_keras as keras

from components.trainer.curves import LearningCurves
from components.trainer.mlp.config import MLPTraining
from components.trainer.mlp.dataset import load_rows
from components.trainer.mlp.model import build_model
from components.trainer.mlp.training import TrainingRows, train
from components.transform.config import RowTransform
from components.transform.labels import class_names
from components.transform.rows import feature_names

LOGGER = logging.getLogger(__name__)
MODEL = "model"
"""The Tuner's one hyperparameter: the name of a model in `MLPTraining.models`."""


class RowTrainerArgs(Protocol):
    """What is used of TFX's FnArgs.

    Attributes:
        train_files: Glob patterns of the training split's TFRecords.
        eval_files: Glob patterns of the validation split's TFRecords.
        transform_graph_path: Folder of the Transform step's output.
        serving_model_dir: Where the SavedModel goes.
        model_run_dir: Where logs and learning curves go.
        hyperparameters: What the Tuner found best, as KerasTuner's configuration; None where there was no Tuner.
        custom_config: `{"trainer": an MLPTraining, "transform": a RowTransform}`, both as mappings, perhaps with
            "checkpoints": the folder of the checkpoints of all trainings; where there is a Tuner with
            "training_code": the fingerprint of this module; after a Tuner with "tuner_results": their folder.
    """

    train_files: Sequence[str]
    eval_files: Sequence[str]
    transform_graph_path: str
    serving_model_dir: str
    model_run_dir: str
    hyperparameters: Mapping[str, Any] | None
    custom_config: Mapping[str, Any]


@dataclass(frozen=True)
class Described:
    """What a model is built and exported with, beside its weights."""

    settings: MLPTraining
    tft_output: tft.TFTransformOutput
    columns: tuple[str, ...]
    class_names: tuple[str, ...]
    slices: tuple[str, ...]


def describe(fn_args: RowTrainerArgs) -> Described:
    """Finds columns, classes and slices in the transform graph and the settings."""
    settings = MLPTraining.model_validate(fn_args.custom_config["trainer"])
    transform = RowTransform.model_validate(fn_args.custom_config["transform"])
    tft_output = tft.TFTransformOutput(fn_args.transform_graph_path)
    columns = feature_names(tft_output.raw_feature_spec(), transform)
    return Described(settings, tft_output, columns, class_names(fn_args.transform_graph_path), tuple(transform.slices))


def load(fn_args: RowTrainerArgs, described: Described) -> TrainingRows:
    """Loads the rows of both splits."""
    folder = _local_folder(fn_args)
    rows = TrainingRows(
        train=load_rows(fn_args.train_files, described.tft_output, described.class_names, folder),
        validation=load_rows(fn_args.eval_files, described.tft_output, described.class_names, folder),
    )
    LOGGER.info("%d training rows, %d validation rows", rows.train.rows, rows.validation.rows)
    return rows


def _local_folder(fn_args: RowTrainerArgs) -> str:
    """Returns the folder of what the Trainer or the Tuner makes; "" where it isn't on this machine."""
    folders = (fn_args.model_run_dir, getattr(fn_args, "working_dir", None))
    return next((folder for folder in folders if folder and os.path.isdir(folder)), "")


def build(described: Described, name: str, strategy: tf.distribute.Strategy) -> keras.Model:
    """Builds the model of a name, as it is before its training."""
    settings = described.settings
    keras.utils.set_random_seed(settings.seed)
    with strategy.scope():
        return build_model(
            settings.models[name],
            len(described.columns),
            len(described.class_names),
            settings.seed,
            settings.precision,
        )


def train_one(
    described: Described, rows: TrainingRows, name: str, strategy: tf.distribute.Strategy, checkpoints: str = ""
) -> tuple[keras.Model, LearningCurves]:
    """Builds and trains the model of a name.

    Args:
        described: What a model is built with.
        rows: Both splits.
        name: Of a model in the settings.
        strategy: How the training is distributed.
        checkpoints: Folder of this training's checkpoints; "" keeps none.
    """
    model = build(described, name, strategy)
    LOGGER.info("training %s: %d parameters", name, model.count_params())
    curves = train(model, rows, described.settings, name, checkpoints)
    return model, curves.model_copy(update={"model": name})
