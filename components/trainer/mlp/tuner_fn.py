"""Defines `tuner_fn`, which TFX's Tuner calls: it trains every model, and chooses the one that validates best."""

import os
from typing import Any, NamedTuple, Protocol

import keras_tuner
import tensorflow as tf

from components.trainer.curves import write_curves
from components.trainer.mlp.config import MLPTraining
from components.trainer.mlp.model import crossentropy_name
from components.trainer.mlp.run_fn import MODEL, Prepared, RowTrainerArgs, prepare, train_one
from components.trainer.mlp.training import log_to_tensorboard
from components.trainer.strategy import distribution_strategy
from components.trainer.workers import starts_workers

CURVES_FOLDER = "models"
PROJECT = "keras_tuner"


class TunerArgs(RowTrainerArgs, Protocol):
    """What is used of TFX's FnArgs.

    Attributes:
        custom_config: As a trainer gets it, and with "models": their names in the order in which they are trained. The
            settings have lost it: TFX sorts the keys of a mapping.
        working_dir: Where the trials go; kept with the Tuner's results.
    """

    working_dir: str


class TunerFnResult(NamedTuple):
    """What TFX's Tuner expects of a `tuner_fn`."""

    tuner: keras_tuner.engine.base_tuner.BaseTuner
    fit_kwargs: dict[str, Any]


class ModelTuner(keras_tuner.engine.base_tuner.BaseTuner):
    """Trains a model a trial, and keeps its curves."""

    def __init__(self, oracle: keras_tuner.Oracle, folder: str) -> None:
        super().__init__(oracle, directory=folder, project_name=PROJECT)
        self._folder = folder

    def run_trial(self, trial: Any, prepared: Prepared, strategy: tf.distribute.Strategy) -> dict[str, float]:
        """Trains the model that the trial names; returns its lowest validation cross-entropy."""
        name = trial.hyperparameters.get(MODEL)
        _, curves = train_one(prepared, name, strategy)
        folder = os.path.join(self._folder, CURVES_FOLDER, name)
        write_curves(curves, folder)
        log_to_tensorboard(curves, folder)
        objective = f"val_{curves.crossentropy}"
        return {objective: min(curves.metrics[objective])}


def tuner_fn(fn_args: TunerArgs) -> TunerFnResult:
    """Returns a tuner over all models of the settings.

    Args:
        fn_args: What TFX gives a tuner.
    """
    settings = MLPTraining.model_validate(fn_args.custom_config["trainer"])
    # The trials are the Tuner's own, in this process.
    strategy = distribution_strategy("auto" if starts_workers(settings) else settings.strategy)
    prepared = prepare(fn_args)
    space = keras_tuner.HyperParameters()
    space.Choice(MODEL, fn_args.custom_config["models"])
    oracle = keras_tuner.oracles.GridSearchOracle(
        objective=keras_tuner.Objective(f"val_{crossentropy_name(len(prepared.class_names))}", "min"),
        max_trials=len(prepared.settings.models),
        hyperparameters=space,
        # A model that diverges is left out, not tried again: the seed is the same.
        max_retries_per_trial=0,
    )
    return TunerFnResult(ModelTuner(oracle, fn_args.working_dir), {"prepared": prepared, "strategy": strategy})
