"""Defines `run_fn`, which TFX's Trainer calls for photos."""

import logging
import tempfile
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import tensorflow as tf
import tensorflow_transform as tft
import tf_keras as keras

from components.answering import Answering
from components.trainer.answering import answers_of, check_operating_point, find_answering
from components.trainer.checkpoints import checkpoint_folder, remove_checkpoints
from components.trainer.class_weights import by_name, class_weights
from components.trainer.curves import LearningCurves, write_curves
from components.trainer.layers import summary_of, trained_now
from components.trainer.model_summary import ModelSummary, write_summary
from components.trainer.pictures import write_augmented
from components.trainer.strategy import barrier, distribution_strategy, is_chief
from components.trainer.transfer_learning.augmented import augmented_pictures
from components.trainer.transfer_learning.config import TransferLearning
from components.trainer.transfer_learning.dataset import Photos, image_size, read_split
from components.trainer.transfer_learning.export import ServedModel, export_model, some_photos
from components.trainer.transfer_learning.feature_store import write_stored_folders
from components.trainer.transfer_learning.lessons import lessons
from components.trainer.transfer_learning.model import (
    HeadKind,
    build_base,
    build_model,
    dense_layers,
    head_kind,
    logits_of,
    precision_policy,
)
from components.trainer.transfer_learning.training import Lesson, train
from components.trainer.transfer_learning.weights import WeightsFile, imagenet_weights, load_pretrained
from components.trainer.workers import run_workers, starts_workers
from components.transform.labels import class_names
from components.transform.photos import read_settings

LOGGER = logging.getLogger(__name__)


class PhotoTrainerArgs(Protocol):
    """What is used of TFX's FnArgs.

    Attributes:
        train_files: Glob patterns of the training split's TFRecords.
        eval_files: Glob patterns of the validation split's TFRecords.
        transform_graph_path: Folder of the Transform step's output.
        serving_model_dir: Where the SavedModel goes.
        model_run_dir: Where logs and learning curves go.
        hyperparameters: None: there is nothing to choose.
        custom_config: `{"trainer": a TransferLearning as a mapping}`, perhaps with "checkpoints": the folder of the
            checkpoints of all trainings, and "features": the folder of what is stored of the photos, of all trainings.
    """

    train_files: Sequence[str]
    eval_files: Sequence[str]
    transform_graph_path: str
    serving_model_dir: str
    model_run_dir: str
    hyperparameters: Mapping[str, Any] | None
    custom_config: Mapping[str, Any]


def run_fn(fn_args: PhotoTrainerArgs) -> None:
    """Loads the photos, builds the model, trains it in two phases, and exports it.

    Args:
        fn_args: What TFX gives a trainer.

    Raises:
        TransferlineError: Settings, devices, weights or photos don't allow it, or training diverged.
    """
    settings = TransferLearning.model_validate(fn_args.custom_config["trainer"])
    if starts_workers(settings):
        fetch_weights(settings, image_size(tft.TFTransformOutput(fn_args.transform_graph_path)))
        run_workers(f"{__name__}.run_fn", fn_args, settings)
        return
    strategy = distribution_strategy(settings.strategy)
    photos = load_photos(fn_args)
    check_operating_point(settings.operating_point, photos.class_names)
    head = head_kind(settings, len(photos.class_names))
    model, base, weights = build(settings, photos, strategy)
    store = fn_args.custom_config.get("features", "")
    taught = lessons(model, base, photos, settings, strategy, store)
    checkpoints = checkpoint_folder(fn_args)
    examples = [photos.train.counts.get(name, 0) for name in photos.class_names]
    weights_by_class = class_weights(settings, photos.class_names, examples)
    learns_first = trained_now(model)
    curves = train(
        model, base, head, taught.phases, settings, fn_args.model_run_dir, checkpoints, weights_by_class
    ).model_copy(update={"class_weights": by_name(photos.class_names, weights_by_class)})
    phases = {"feature extraction": learns_first}
    if settings.fine_tuning.epochs:
        phases["fine tuning"] = trained_now(model)
    answering = answering_of(taught.phases, head, settings)
    served = ServedModel(model, head, photos.tft_output, photos.class_names, answering)
    save(served, curves, summary_of(model, phases), weights, photos, fn_args, strategy)
    if is_chief(strategy):
        (photo,) = some_photos(photos.train.files, photos.tft_output, 1)
        write_augmented(augmented_pictures(photo, photos.seen, settings), fn_args.model_run_dir)
        write_stored_folders(fn_args.model_run_dir, taught.stored)
        remove_checkpoints(checkpoints)


def fetch_weights(settings: TransferLearning, size: int) -> None:
    """Has ImageNet weights for photos of a size in the cache: workers have no network to fetch them from."""
    if settings.pretrained is not None and settings.weights == "imagenet":
        imagenet_weights(size, settings.pretrained)


def load_photos(fn_args: PhotoTrainerArgs) -> Photos:
    """Finds the classes and the photos of both splits."""
    tft_output = tft.TFTransformOutput(fn_args.transform_graph_path)
    names = class_names(fn_args.transform_graph_path)
    train_split = read_split(fn_args.train_files, tft_output, names)
    validation_split = read_split(fn_args.eval_files, tft_output, names)
    LOGGER.info("training photos %s, validation photos %s", train_split.counts, validation_split.counts)
    return Photos(tft_output, names, train_split, validation_split, read_settings(fn_args.transform_graph_path))


def build(
    settings: TransferLearning, photos: Photos, strategy: tf.distribute.Strategy
) -> tuple[keras.Model, keras.Model, WeightsFile | None]:
    """Builds the model with its base, or with dense layers; returns both, and where the base's weights came from.

    What follows draws the numbers of the settings' seed.
    """
    # To put fetched weights into the cache, a network is built, which draws numbers that the head of a later run gets.
    fetch_weights(settings, photos.image_size)
    keras.utils.set_random_seed(settings.seed)
    with strategy.scope(), precision_policy(settings.precision):
        if settings.pretrained is None:
            base, weights = dense_layers(photos.image_size, settings.widths), None
        else:
            base = build_base(photos.image_size, settings.pretrained)
            weights = load_pretrained(base, settings.weights, settings.pretrained)
        return build_model(settings, base, len(photos.class_names)), base, weights


def answering_of(phases: tuple[Lesson, Lesson], head: HeadKind, settings: TransferLearning) -> Answering:
    """Finds out how the trained model is to answer, on the validation split as the last phase has it."""
    weighs_classes = settings.class_weights is not None
    if not settings.calibrate and settings.operating_point is None:
        return Answering(weighs_classes=weighs_classes)
    learner, data = phases[1 if settings.fine_tuning.epochs else 0]
    outputs, labels = answers_of(learner, data.validation)
    return find_answering(
        logits_of(tf.constant(outputs), head).numpy(),
        labels,
        calibrated=settings.calibrate,
        operating_point=settings.operating_point,
    ).model_copy(update={"weighs_classes": weighs_classes})


def save(
    served: ServedModel,
    curves: LearningCurves,
    summary: ModelSummary,
    weights: WeightsFile | None,
    photos: Photos,
    fn_args: PhotoTrainerArgs,
    strategy: tf.distribute.Strategy,
) -> None:
    """Exports the model and writes what is told of it; every worker takes part, only the chief's files are kept."""
    warm_up = some_photos(photos.validation.files, photos.tft_output)
    if is_chief(strategy):
        export_model(served, fn_args.serving_model_dir, warm_up)
        origin = {"source": weights.source, "path": weights.path, "sha256": weights.sha256} if weights else {}
        write_curves(curves.model_copy(update={"weights": origin}), fn_args.model_run_dir)
        write_summary(summary, fn_args.model_run_dir, fn_args.serving_model_dir)
    else:
        with tempfile.TemporaryDirectory() as scratch:
            export_model(served, scratch, warm_up)
    barrier(strategy)
