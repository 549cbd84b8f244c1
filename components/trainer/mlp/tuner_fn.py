"""Defines `tuner_fn`, which TFX's Tuner calls: it trains every model, and chooses the one that validates best."""

import math
import os
from collections.abc import Mapping
from typing import Any, NamedTuple, Protocol

import keras_tuner
import tensorflow as tf

from components.trainer.curves import write_curves
from components.trainer.mlp.config import MLPTraining
from components.trainer.mlp.objectives import objective_name
from components.trainer.mlp.one_model import MODEL, Described, RowTrainerArgs, describe, load, train_one
from components.trainer.mlp.trained import Arrays
from components.trainer.mlp.training import TrainingRows, log_to_tensorboard
from components.trainer.mlp.winner import CURVES_FOLDER, DependsOn, depends_on, write_winner
from components.trainer.model_summary import write_summary
from components.trainer.strategy import distribution_strategy
from components.trainer.workers import starts_workers

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
    """Trains a model a trial, and keeps its curves; of the best one the weights, too."""

    def __init__(self, oracle: keras_tuner.Oracle, fn_args: TunerArgs) -> None:
        super().__init__(oracle, directory=fn_args.working_dir, project_name=PROJECT)
        self._fn_args = fn_args
        self._lowest = math.inf
        self._best: tuple[DependsOn, Arrays] | None = None

    def run_trial(
        self, trial: Any, described: Described, rows: Mapping[str, TrainingRows], strategy: tf.distribute.Strategy
    ) -> dict[str, float]:
        """Trains the model that the trial names; returns its lowest validation loss."""
        name = trial.hyperparameters.get(MODEL)
        model, curves = train_one(described, rows, name, strategy)
        folder = os.path.join(self._fn_args.working_dir, CURVES_FOLDER, name)
        write_curves(curves, folder)
        write_summary(model.summary(), folder)
        log_to_tensorboard(curves, folder)
        objective = f"val_{curves.crossentropy}"
        lowest = min(curves.metrics[objective])
        if lowest < self._lowest:
            self._lowest, self._best = lowest, (depends_on(self._fn_args, name, strategy), model.arrays())
        return {objective: lowest}

    def on_search_end(self) -> None:
        """Writes the weights of the best; if every model diverged, KerasTuner says so."""
        super().on_search_end()
        if self._best:
            write_winner(self._fn_args.working_dir, *self._best)


def tuner_fn(fn_args: TunerArgs) -> TunerFnResult:
    """Returns a tuner over all models of the settings.

    Args:
        fn_args: What TFX gives a tuner.
    """
    settings = MLPTraining.model_validate(fn_args.custom_config["trainer"])
    # The trials are the Tuner's own, in this process.
    strategy = distribution_strategy("auto" if starts_workers(settings) else settings.strategy)
    described = describe(fn_args)
    fit_kwargs = {"described": described, "rows": load(fn_args, described, settings.models), "strategy": strategy}
    space = keras_tuner.HyperParameters()
    space.Choice(MODEL, fn_args.custom_config["models"])
    oracle = keras_tuner.oracles.GridSearchOracle(
        objective=keras_tuner.Objective(f"val_{objective_name(len(described.class_names))}", "min"),
        max_trials=len(settings.models),
        hyperparameters=space,
        # A model that diverges is left out, not tried again: the seed is the same.
        max_retries_per_trial=0,
    )
    return TunerFnResult(ModelTuner(oracle, fn_args), fit_kwargs)
