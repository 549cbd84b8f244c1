"""Decides what each phase trains, and on what: the whole model on photos, or a part of it on what is stored of them."""

import logging
import math
import os
from contextlib import ExitStack
from functools import cache
from tempfile import TemporaryDirectory
from typing import NamedTuple

import tensorflow as tf
import tf_keras as keras

from components.trainer.strategy import is_chief, needs_fixed_batches
from components.trainer.transfer_learning.config import TransferLearning
from components.trainer.transfer_learning.dataset import Photos, batches, fits_in_memory, training_batch_size
from components.trainer.transfer_learning.feature_store import StoredValues, Tensor, make_room
from components.trainer.transfer_learning.features import NamedPhotos, Pass, fill, named_photos, tensors_of
from components.trainer.transfer_learning.full_batches import full_batches
from components.trainer.transfer_learning.model import precision_policy
from components.trainer.transfer_learning.parts import head_part, last_cut, lower_part, upper_part
from components.trainer.transfer_learning.stored_batches import training_batches, validation_batches
from components.trainer.transfer_learning.training import Lesson, TrainingData
from components.trainer.transfer_learning.views import views_of

LOGGER = logging.getLogger(__name__)


class Lessons(NamedTuple):
    """What is trained, phase by phase.

    Attributes:
        phases: Of phase 1 and of phase 2.
        stored: Folders of what they are trained on, where that is kept for others.
    """

    phases: tuple[Lesson, Lesson]
    stored: tuple[str, ...] = ()


class Frozen(NamedTuple):
    """What is computed once.

    Attributes:
        cut: The layer of the base that phase 2 begins above; None where phase 2 has nothing stored.
        layers: From photos to the tensors.
        tensors: What phase 1 begins with and, with a cut, what phase 2 does.
    """

    cut: keras.layers.Layer | None
    layers: keras.Model
    tensors: list[Tensor]


def lessons(
    model: keras.Model,
    base: keras.Model,
    photos: Photos,
    settings: TransferLearning,
    strategy: tf.distribute.Strategy,
    store: str,
) -> Lessons:
    """Returns what each of the two phases trains.

    What frozen layers make of the photos is computed once and stored, unless fresh views are asked for, or it would
    take more room than `settings.store_bytes`.

    Args:
        model: The whole model, with the weights that training begins with.
        base: Its base, frozen.
        photos: The photos.
        settings: The trainer's settings.
        strategy: In whose scope the model was built.
        store: Folder of what is stored of photos; "" keeps nothing for the next training.
    """
    fresh = cache(lambda: Lesson(model, _fresh_data(photos, settings, strategy)))
    cut = last_cut(base, settings.first_to_learn) if settings.fine_tuning.epochs else None
    views = views_of(settings, max(settings.feature_extraction.epochs, settings.fine_tuning.epochs if cut else 0))
    if not views:
        return Lessons((fresh(), fresh()))
    with strategy.scope(), precision_policy(settings.precision):
        frozen = _frozen(model, base, cut, photos, settings, views)
        if frozen is None:
            return Lessons((fresh(), fresh()))
        learners = [head_part(model, base), *([upper_part(model, base, frozen.cut)] if frozen.cut else [])]
    train = named_photos(photos.train, photos.tft_output, photos.class_names, views)
    validation = named_photos(photos.validation, photos.tft_output, photos.class_names, 1)
    stored = _stored(frozen, train, validation, photos, settings, strategy, store)
    taught = [
        Lesson(learner, _stored_data(values, train, validation, settings, strategy))
        for learner, values in zip(learners, stored, strict=True)
    ]
    folders = (os.path.join(store, tensor.key) for tensor in frozen.tensors) if store else ()
    return Lessons((taught[0], taught[1] if frozen.cut else fresh()), tuple(folders))


def _frozen(
    model: keras.Model,
    base: keras.Model,
    cut: keras.layers.Layer | None,
    photos: Photos,
    settings: TransferLearning,
    views: int,
) -> Frozen | None:
    """Returns what is to be stored: what there is room for, so without the cut if need be, or nothing at all."""
    for each in dict.fromkeys((cut, None)):
        layers = lower_part(model, base, each)
        names = [base.name, *([each.name] if each else [])]
        tensors = tensors_of(base, layers, names, photos.seen, settings)
        needed = (photos.train.examples * views + photos.validation.examples) * sum(t.row_bytes for t in tensors)
        if needed <= settings.store_bytes:
            return Frozen(each, layers, tensors)
        LOGGER.warning(
            "%s of %d views would take %d bytes, more than trainer.store_bytes: %s has fresh views in each epoch",
            " and ".join(names),
            views,
            needed,
            "fine tuning" if each else "training",
        )
    return None


def _stored(
    frozen: Frozen,
    train: NamedPhotos,
    validation: NamedPhotos,
    photos: Photos,
    settings: TransferLearning,
    strategy: tf.distribute.Strategy,
    store: str,
) -> list[StoredValues]:
    with ExitStack() as stack:
        # What was opened can be read when the folder is gone.
        root = store or stack.enter_context(TemporaryDirectory())
        folders = {os.path.join(root, tensor.key): tensor for tensor in frozen.tensors}
        rows = len(train.names) * train.views + len(validation.names)
        if is_chief(strategy):
            needed = rows * sum(tensor.row_bytes for tensor in frozen.tensors)
            make_room(root, needed, settings.store_bytes, folders)
        through = Pass(frozen.layers, folders, photos.tft_output, photos.class_names, settings, strategy)
        return fill(through, (train, validation), shared=bool(store))


def _stored_data(
    values: StoredValues,
    train: NamedPhotos,
    validation: NamedPhotos,
    settings: TransferLearning,
    strategy: tf.distribute.Strategy,
) -> TrainingData:
    fixed, size = needs_fixed_batches(strategy), _batch_size(len(train.names), settings, strategy)
    held_out = validation_batches(values, validation, size)
    return TrainingData(
        train=lambda epochs: training_batches(values, train, epochs, size, settings.seed, drop_remainder=fixed),
        validation=full_batches(held_out, size, len(validation.names)) if fixed else held_out,
        steps=len(train.names) // size if fixed else math.ceil(len(train.names) / size),
    )


def _fresh_data(photos: Photos, settings: TransferLearning, strategy: tf.distribute.Strategy) -> TrainingData:
    """Makes the batches of photos, shuffled for training, and all of one shape where the strategy needs it."""
    examples = photos.train.examples + photos.validation.examples
    cached = fits_in_memory(examples, photos.image_size, settings.cache_bytes)
    fixed, size = needs_fixed_batches(strategy), _batch_size(photos.train.examples, settings, strategy)
    train = batches(
        photos.train,
        photos.tft_output,
        photos.class_names,
        size,
        cache=cached,
        shuffle_seed=settings.seed,
        drop_remainder=fixed,
    )
    held_out = batches(photos.validation, photos.tft_output, photos.class_names, size, cache=cached)
    validation = full_batches(held_out, size, photos.validation.examples) if fixed else held_out
    return TrainingData(train=lambda _: train, validation=validation)


def _batch_size(examples: int, settings: TransferLearning, strategy: tf.distribute.Strategy) -> int:
    replicas = strategy.num_replicas_in_sync
    asked = settings.batch_of(replicas)
    return training_batch_size(asked, examples, replicas) if needs_fixed_batches(strategy) else asked
