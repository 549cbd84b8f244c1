"""Defines `run_fn`, which TFX's Trainer calls for rows; the Tuner's `tuner_fn` is in `tuner_fn.py`."""

import logging
import os
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import tensorflow as tf
import tensorflow_transform as tft
import tf_keras as keras

from components.errors import TransferlineError
from components.trainer.checkpoints import checkpoint_folder, remove_checkpoints
from components.trainer.curves import LearningCurves, write_curves
from components.trainer.mlp.config import MLPTraining
from components.trainer.mlp.dataset import load_rows
from components.trainer.mlp.export import ServedRows, export_rows
from components.trainer.mlp.model import build_model
from components.trainer.mlp.training import TrainingRows, log_to_tensorboard, train
from components.trainer.strategy import barrier, distribution_strategy, is_chief
from components.trainer.workers import run_workers, starts_workers
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
            "checkpoints": the folder of the checkpoints of all trainings.
    """

    train_files: Sequence[str]
    eval_files: Sequence[str]
    transform_graph_path: str
    serving_model_dir: str
    model_run_dir: str
    hyperparameters: Mapping[str, Any] | None
    custom_config: Mapping[str, Any]


@dataclass(frozen=True)
class Prepared:
    """What a training needs, beside the model's description."""

    settings: MLPTraining
    tft_output: tft.TFTransformOutput
    columns: tuple[str, ...]
    class_names: tuple[str, ...]
    slices: tuple[str, ...]
    rows: TrainingRows


def run_fn(fn_args: RowTrainerArgs) -> None:
    """Trains the one model that there is, or that the Tuner found best, and exports it.

    Args:
        fn_args: What TFX gives a trainer.

    Raises:
        TransferlineError: Settings, devices or rows don't allow it, or training diverged.
    """
    settings = MLPTraining.model_validate(fn_args.custom_config["trainer"])
    if starts_workers(settings):
        run_workers(f"{__name__}.run_fn", fn_args, settings)
        return
    strategy = distribution_strategy(settings.strategy)
    prepared = prepare(fn_args)
    name = chosen_model(settings, fn_args.hyperparameters)
    checkpoints = checkpoint_folder(fn_args)
    model, curves = train_one(prepared, name, strategy, checkpoints)
    served = ServedRows(model, prepared.tft_output, prepared.columns, prepared.class_names, prepared.slices)
    save(served, curves, fn_args, strategy)
    if is_chief(strategy):
        remove_checkpoints(checkpoints)


def save(served: ServedRows, curves: LearningCurves, fn_args: RowTrainerArgs, strategy: tf.distribute.Strategy) -> None:
    """Exports the model and writes the learning curves; every worker takes part, only the chief's files are kept."""
    if is_chief(strategy):
        export_rows(served, fn_args.serving_model_dir)
        write_curves(curves, fn_args.model_run_dir)
        log_to_tensorboard(curves, os.path.join(fn_args.model_run_dir, curves.model))
    else:
        with tempfile.TemporaryDirectory() as scratch:
            export_rows(served, scratch)
    barrier(strategy)


def prepare(fn_args: RowTrainerArgs) -> Prepared:
    """Loads the rows of both splits."""
    settings = MLPTraining.model_validate(fn_args.custom_config["trainer"])
    transform = RowTransform.model_validate(fn_args.custom_config["transform"])
    tft_output = tft.TFTransformOutput(fn_args.transform_graph_path)
    names = class_names(tft_output)
    rows = TrainingRows(
        train=load_rows(fn_args.train_files, tft_output, names),
        validation=load_rows(fn_args.eval_files, tft_output, names),
    )
    LOGGER.info("%d training rows, %d validation rows", len(rows.train.ids), len(rows.validation.ids))
    columns = feature_names(tft_output.raw_feature_spec(), transform)
    return Prepared(settings, tft_output, columns, names, tuple(transform.slices), rows)


def train_one(
    prepared: Prepared, name: str, strategy: tf.distribute.Strategy, checkpoints: str = ""
) -> tuple[keras.Model, LearningCurves]:
    """Builds and trains the model of a name.

    Args:
        prepared: What a training needs.
        name: Of a model in the settings.
        strategy: How the training is distributed.
        checkpoints: Folder of this training's checkpoints; "" keeps none.
    """
    settings = prepared.settings
    columns, classes = len(prepared.columns), len(prepared.class_names)
    keras.utils.set_random_seed(settings.seed)
    with strategy.scope():
        model = build_model(settings.models[name], columns, classes, settings.seed, settings.precision)
    LOGGER.info("training %s: %d parameters", name, model.count_params())
    curves = train(model, prepared.rows, settings, name, checkpoints)
    return model, curves.model_copy(update={"model": name})


def chosen_model(settings: MLPTraining, hyperparameters: Mapping[str, Any] | None) -> str:
    """Returns the name of the model to train.

    Args:
        settings: The trainer's settings.
        hyperparameters: KerasTuner's configuration of the best ones; None where there was no Tuner.

    Raises:
        TransferlineError: There are several models, and nobody chose.
    """
    if hyperparameters is not None:
        return str(hyperparameters["values"][MODEL])
    if len(settings.models) > 1:
        raise TransferlineError(
            f"There are {len(settings.models)} models to train and no Tuner before the Trainer to choose one.",
            place="trainer.models",
            cure="Name one model, or run the pipeline as Transferline builds it.",
        )
    return next(iter(settings.models))
