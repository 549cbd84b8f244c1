"""Trains one of the models: what the Tuner's trials and the Trainer share.

What a training comes to is in this module and those that it imports: `pipeline/graph.py` gives both steps their
fingerprint, by which the Trainer knows whether it would train as the Tuner did.
"""

import logging
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import tensorflow as tf
import tensorflow_transform as tft
import tf_keras as keras
from typing_extensions import assert_never

from components.contract import CLASSIFICATION, FEATURES, RAW, REGRESSION, Task
from components.trainer.class_weights import Weights, by_name, class_weights
from components.trainer.curves import LearningCurves
from components.trainer.mlp.config import MLP, MLPTraining, RowModel
from components.trainer.mlp.dataset import load_rows
from components.trainer.mlp.label_scale import Scaling, check_scale, fitted, labels_of
from components.trainer.mlp.model import build_model
from components.trainer.mlp.packed_rows import PackedRows
from components.trainer.mlp.trained import Arrays, Network, NumberModel, TrainedModel
from components.trainer.mlp.training import TrainingRows, train
from components.trainer.trees.config import Trees
from components.trainer.trees.forest import Forest
from components.trainer.trees.graph import ForestModel
from components.transform.config import RowTransform
from components.transform.labels import class_names
from components.transform.rows import WEIGHT, layout_of_features, without_weight
from components.transform.vector import VectorLayout, find_layout

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
            "weight": the column with each row's weight, "task" and "label": that a number is to be predicted, and its
            column's name, "checkpoints": the folder of the checkpoints of all trainings;
            where there is a Tuner with "training_code": the fingerprint of this module; after a Tuner with
            "tuner_results": their folder.
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
    """What a model is built and exported with, beside its weights.

    Attributes:
        class_names: Empty where a number is to be predicted.
        weight: The column with each row's weight; "" where there is none.
        task: Whether the label is a class or a number.
        label: The name of the label's column, where it is a number.
    """

    settings: MLPTraining
    tft_output: tft.TFTransformOutput
    layout: VectorLayout
    class_names: tuple[str, ...]
    slices: tuple[str, ...]
    weight: str = ""
    task: Task = CLASSIFICATION
    label: str = ""


def describe(fn_args: RowTrainerArgs) -> Described:
    """Finds the vector's layout, classes and slices in the transform graph and the settings."""
    config = fn_args.custom_config
    transform = RowTransform.model_validate(config["transform"])
    tft_output = tft.TFTransformOutput(fn_args.transform_graph_path)
    features = without_weight(tft_output.raw_feature_spec(), config)
    task: Task = config.get("task", CLASSIFICATION)
    return Described(
        settings=MLPTraining.model_validate(config["trainer"]),
        tft_output=tft_output,
        layout=find_layout(fn_args.transform_graph_path) or layout_of_features(features, transform),
        class_names=() if task == REGRESSION else class_names(fn_args.transform_graph_path),
        slices=tuple(transform.slices),
        weight=config.get(WEIGHT, ""),
        task=task,
        label=config.get("label", ""),
    )


def load(fn_args: RowTrainerArgs, described: Described, names: Iterable[str]) -> dict[str, TrainingRows]:
    """Loads the rows of both splits for the models of some names; returns them by the vector that a model takes."""
    vectors = sorted({_vector(described.settings.models[name]) for name in names})
    folder = _local_folder(fn_args)
    train, validation = (
        load_rows(files, described.tft_output, described.class_names, vectors, folder, described.weight)
        for files in (fn_args.train_files, fn_args.eval_files)
    )
    counts = (split[vectors[0]].rows for split in (train, validation))
    LOGGER.info("%d training rows, %d validation rows", *counts)
    scales = loss_scales(described.settings, described.class_names, train[vectors[0]])
    scaling = None
    if described.task == REGRESSION:
        scaling = fitted(train[vectors[0]], described.settings.label_scale)
        check_scale(labels_of(validation[vectors[0]])[0], scaling.scale, "validation")
    return {vector: TrainingRows(train[vector], validation[vector], scales, scaling) for vector in vectors}


def _vector(model: RowModel) -> str:
    """The output of Transform that a model takes."""
    match model:
        case MLP():
            return FEATURES
        case Trees():
            return RAW
        case _:
            assert_never(model)


def loss_scales(settings: MLPTraining, class_names: Sequence[str], rows: PackedRows) -> Weights | None:
    """Returns what the loss of a row is multiplied by, by its class; see `TrainingRows`.

    Args:
        settings: The class weights.
        class_names: In the order of their numbers; none where a number is to be predicted.
        rows: The training rows.
    """
    if not class_names:
        return np.array([rows.rows / rows.weight], np.float32) if rows.weighted else None
    examples = by_class(class_names, rows)
    weights = class_weights(settings, class_names, examples)
    if not rows.weighted:
        return weights
    of_one = np.float32(rows.rows / sum(examples))
    return np.full(len(class_names), of_one) if weights is None else weights * of_one


def by_class(class_names: Sequence[str], rows: PackedRows) -> list[float]:
    """Returns the rows of each class, or the sums of their weights, in the order of the classes' numbers."""
    return [rows.by_class[number] for number in range(len(class_names))]


def _local_folder(fn_args: RowTrainerArgs) -> str:
    """Returns the folder of what the Trainer or the Tuner makes; "" where it isn't on this machine."""
    folders = (fn_args.model_run_dir, getattr(fn_args, "working_dir", None))
    return next((folder for folder in folders if folder and os.path.isdir(folder)), "")


def train_one(
    described: Described,
    rows: Mapping[str, TrainingRows],
    name: str,
    strategy: tf.distribute.Strategy,
    checkpoints: str = "",
) -> tuple[TrainedModel, LearningCurves]:
    """Builds and trains the model of a name.

    Args:
        described: What a model is built with.
        rows: Both splits, by the vector that a model takes.
        name: Of a model in the settings.
        strategy: How the training of a network is distributed; trees grow on this machine's processors.
        checkpoints: Folder of this training's checkpoints; "" keeps none. Trees have none, and begin anew.
    """
    settings = described.settings
    chosen = settings.models[name]
    match chosen:
        case MLP():
            network = _network(described, chosen, strategy)
            LOGGER.info("training %s: %d parameters", name, network.count_params())
            trained: TrainedModel = Network(network)
            curves = train(network, rows[FEATURES], settings, name, checkpoints)
        case Trees():
            from components.trainer.mlp.tree_training import grow_trees  # noqa: PLC0415 (imports scikit-learn)

            categories = tuple(at for at, column in enumerate(described.layout.raw) if column.categories)
            forest, curves = grow_trees(chosen, rows[RAW], categories, len(described.class_names), settings.seed, name)
            trained = ForestModel(forest)
        case _:
            assert_never(chosen)
    if scaling := rows[_vector(chosen)].scaling:
        return NumberModel(trained, scaling), curves.model_copy(update={"model": name})
    examples = by_class(described.class_names, rows[_vector(chosen)].train)
    weights = by_name(described.class_names, class_weights(settings, described.class_names, examples))
    return trained, curves.model_copy(update={"model": name, "class_weights": weights})


def remade(described: Described, name: str, strategy: tf.distribute.Strategy, arrays: Arrays) -> TrainedModel:
    """Makes the trained model of a name from what its training came to."""
    if described.task == REGRESSION:
        *of_model, scaling = arrays
        model = _remade(described, name, strategy, of_model)
        return NumberModel(model, Scaling.of_array(described.settings.label_scale, scaling))
    return _remade(described, name, strategy, arrays)


def _remade(described: Described, name: str, strategy: tf.distribute.Strategy, arrays: Arrays) -> TrainedModel:
    chosen = described.settings.models[name]
    match chosen:
        case MLP():
            network = _network(described, chosen, strategy)
            network.set_weights(arrays)
            return Network(network)
        case Trees():
            return ForestModel(Forest.of_arrays(arrays))
        case _:
            assert_never(chosen)


def _network(described: Described, layers: MLP, strategy: tf.distribute.Strategy) -> keras.Model:
    """Builds a network, as it is before its training."""
    settings = described.settings
    keras.utils.set_random_seed(settings.seed)
    with strategy.scope():
        return build_model(layers, described.layout, len(described.class_names), settings.seed, settings.precision)
