"""Defines `run_fn`, which TFX's Trainer calls for rows; the Tuner's `tuner_fn` is in `tuner_fn.py`."""

import os
import tempfile
from collections.abc import Mapping
from typing import Any

import tensorflow as tf

from components.contract import CLASSIFICATION
from components.errors import TransferlineError
from components.trainer.answering import check_operating_point
from components.trainer.checkpoints import checkpoint_folder, remove_checkpoints
from components.trainer.curves import LearningCurves, write_curves
from components.trainer.mlp.config import MLPTraining
from components.trainer.mlp.export import ServedNumbers, ServedRows, export_rows
from components.trainer.mlp.one_model import MODEL, Described, RowTrainerArgs, describe, load, remade, train_one
from components.trainer.mlp.row_answering import answering_of
from components.trainer.mlp.trained import NumberModel, TrainedModel
from components.trainer.mlp.training import log_to_tensorboard
from components.trainer.mlp.winner import depends_on, read_winner
from components.trainer.model_summary import ModelSummary, write_summary
from components.trainer.strategy import barrier, distribution_strategy, is_chief
from components.trainer.trees.config import Trees
from components.trainer.workers import run_workers, starts_workers


def run_fn(fn_args: RowTrainerArgs) -> None:
    """Trains the one model that there is, or that the Tuner found best, and exports it.

    What the Tuner trained as this would isn't trained again. Trees grow in this process, whatever workers there are.

    Args:
        fn_args: What TFX gives a trainer.

    Raises:
        TransferlineError: Settings, devices or rows don't allow it, or training diverged.
    """
    settings = MLPTraining.model_validate(fn_args.custom_config["trainer"])
    name = chosen_model(settings, fn_args.hyperparameters)
    alone = isinstance(settings.models[name], Trees)
    if starts_workers(settings) and not alone:
        run_workers(f"{__name__}.run_fn", fn_args, settings)
        return
    strategy = distribution_strategy("auto" if starts_workers(settings) else settings.strategy)
    described = describe(fn_args)
    if described.task == CLASSIFICATION:
        check_operating_point(settings.operating_point, described.class_names)
    checkpoints = checkpoint_folder(fn_args)
    model, curves = trained_by_tuner(fn_args, described, name, strategy) or train_one(
        described, load(fn_args, described, [name]), name, strategy, checkpoints
    )
    save(as_served(fn_args, described, model), curves, model.summary(), fn_args, strategy)
    if is_chief(strategy):
        remove_checkpoints(checkpoints)


def as_served(fn_args: RowTrainerArgs, described: Described, model: TrainedModel) -> ServedRows:
    """Returns a trained model as it is served, with the transform graph before it."""
    before = described.tft_output, described.layout
    if isinstance(model, NumberModel):
        return ServedNumbers(model, *before, described.label, described.slices, described.weight)
    return ServedRows(
        model,
        *before,
        described.class_names,
        described.slices,
        described.weight,
        answering_of(fn_args, described, model),
    )


def trained_by_tuner(
    fn_args: RowTrainerArgs, described: Described, name: str, strategy: tf.distribute.Strategy
) -> tuple[TrainedModel, LearningCurves] | None:
    """Returns the model of a name as the Tuner trained it; None where there is no Tuner, or it trained otherwise."""
    results = fn_args.custom_config.get("tuner_results")
    winner = read_winner(results, depends_on(fn_args, name, strategy)) if results else None
    return None if winner is None else (remade(described, name, strategy, winner.weights), winner.curves)


def save(
    served: ServedRows,
    curves: LearningCurves,
    summary: ModelSummary,
    fn_args: RowTrainerArgs,
    strategy: tf.distribute.Strategy,
) -> None:
    """Exports the model and writes what is told of it; every worker takes part, only the chief's files are kept."""
    if is_chief(strategy):
        export_rows(served, fn_args.serving_model_dir)
        write_curves(curves, fn_args.model_run_dir)
        write_summary(summary, fn_args.model_run_dir, fn_args.serving_model_dir)
        log_to_tensorboard(curves, os.path.join(fn_args.model_run_dir, curves.model))
    else:
        with tempfile.TemporaryDirectory() as scratch:
            export_rows(served, scratch)
    barrier(strategy)


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
