"""Computes what frozen layers make of each view of each photo, by one pass over what the store lacks."""

import hashlib
import logging
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version
from pathlib import Path
from types import ModuleType
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import tensorflow as tf
import tensorflow_transform as tft
import tf_keras as keras

from components import progress
from components.contract import IMAGE, LABEL
from components.datasets import untuned
from components.ingest.side_by_side import in_order
from components.trainer import dropout
from components.trainer.strategy import barrier, needs_fixed_batches, place_among_workers
from components.trainer.transfer_learning import (
    augmentation,
    bases,
    dataset,
    feature_store,
    folded,
    model,
    parts,
    views,
)
from components.trainer.transfer_learning.config import TransferLearning
from components.trainer.transfer_learning.dataset import SplitFiles
from components.trainer.transfer_learning.feature_store import StoredValues, Tensor, Writer, begin, remove_unfinished
from components.trainer.transfer_learning.views import changed
from components.transform import images, labels, orientation, photos, raw_features
from components.transform.config import ImageTransform

LOGGER = logging.getLogger(__name__)

BATCH = 32
"""Photos that go through the layers at once, on each device."""

CODE: tuple[ModuleType, ...] = (
    augmentation,
    bases,
    dataset,
    dropout,
    feature_store,
    folded,
    images,
    labels,
    model,
    orientation,
    parts,
    photos,
    raw_features,
    views,
)
"""What makes values of an encoded photo, besides this module."""

Forward: TypeAlias = Callable[[npt.NDArray[np.float32]], list[npt.NDArray[np.float32]]]

LIBRARIES = ("tensorflow", "tf_keras", "numpy")


@dataclass(frozen=True)
class NamedPhotos:
    """A split's photos, in the order of its files.

    Attributes:
        split: The split.
        names: SHA-256 of each photo's bytes, as hex digits.
        class_ids: Number of each photo's class.
        views: How many views of each are wanted.
    """

    split: SplitFiles
    names: npt.NDArray[np.bytes_]
    class_ids: npt.NDArray[np.int64]
    views: int


@dataclass(frozen=True)
class Pass:
    """One pass through the frozen layers.

    Attributes:
        layers: From photos to the tensors, as `parts.lower_part` returns it.
        tensors: What it gives, in this order, by the folders that it goes to.
        tft_output: The output of the Transform step.
        class_names: The class names, in the order of their numbers.
        settings: The trainer's settings.
        strategy: Whose devices compute.
    """

    layers: keras.Model
    tensors: dict[str, Tensor]
    tft_output: tft.TFTransformOutput
    class_names: Sequence[str]
    settings: TransferLearning
    strategy: tf.distribute.Strategy


@dataclass(frozen=True)
class Task:
    """A batch of photos of which a view is to be made.

    Attributes:
        photos: The photos as they are, float32 [batch, size, size, 3].
        places: Their places in the split.
        view: The view's number.
    """

    photos: npt.NDArray[np.float32]
    places: npt.NDArray[np.int64]
    view: int


def named_photos(
    split: SplitFiles, tft_output: tft.TFTransformOutput, class_names: Sequence[str], views: int
) -> NamedPhotos:
    """Reads the names and classes of a split's photos."""
    spec = {name: tft_output.raw_feature_spec()[name] for name in (IMAGE, LABEL)}
    names: list[str] = []
    class_ids: list[npt.NDArray[np.int64]] = []
    for batch in dataset.read_records(split.files).batch(256):
        parsed = tf.io.parse_example(batch, spec)
        encoded = raw_features.to_dense_1d(parsed[IMAGE]).numpy()
        names += [hashlib.sha256(photo).hexdigest() for photo in encoded]
        class_ids.append(labels.label_ids(raw_features.to_dense_1d(parsed[LABEL]), class_names).numpy())
    return NamedPhotos(split, np.array(names, "S64"), np.concatenate(class_ids), views)


def tensors_of(
    base: keras.Model, layers: keras.Model, names: Sequence[str], seen: ImageTransform, settings: TransferLearning
) -> list[Tensor]:
    """Describes what the frozen layers give.

    Args:
        base: The base, as it is before anything has learned.
        layers: As `parts.lower_part` returns it.
        names: What its outputs are called.
        seen: How a photo became what the network sees.
        settings: The trainer's settings.
    """
    digest = hashlib.sha256()
    for weight in base.get_weights():
        digest.update(weight.tobytes())
    return [
        Tensor(
            layer=name,
            shape=tuple(output.shape[1:]),
            seen=seen.model_dump(),
            augmentation=settings.augmentation.model_dump(),
            seed=settings.seed,
            weights=digest.hexdigest(),
            precision=settings.precision,
            code=_code(),
        )
        for name, output in zip(names, layers.outputs, strict=True)
    ]


def fill(through: Pass, wanted: Sequence[NamedPhotos], *, shared: bool) -> list[StoredValues]:
    """Has all that is wanted in the store, and opens it.

    Args:
        through: The pass.
        wanted: The photos.
        shared: Whether all workers have the same store: then each makes its part.

    Returns:
        The stored values of each tensor.
    """
    index, workers = place_among_workers(through.strategy) if shared else (0, 1)
    for folder, tensor in through.tensors.items():
        begin(folder, tensor)
        if workers == 1:
            remove_unfinished(folder)
    stored = [StoredValues(folder) for folder in through.tensors]
    lacking = [_lacking(stored, photos) for photos in wanted]
    for each in lacking:
        each[..., np.arange(each.shape[2]) % workers != index] = False
    total = sum(int(each.any(axis=0).sum()) for each in lacking)
    LOGGER.info("%d views of photos aren't stored yet", total)
    if total:
        batch_size = BATCH * _replicas_here(through.strategy)
        forward = _forward(through, batch_size)
        with ExitStack() as stack:
            writers = [stack.enter_context(Writer(*each)) for each in through.tensors.items()]
            done = 0
            for photos, without in zip(wanted, lacking, strict=True):
                for made in _make(through, photos, without, writers, forward, batch_size):
                    done += made
                    progress.report(done, total, "views")
    elif workers == 1:
        return stored
    if workers > 1:
        barrier(through.strategy)
    return [StoredValues(folder) for folder in through.tensors]


def _lacking(stored: Sequence[StoredValues], photos: NamedPhotos) -> npt.NDArray[np.bool_]:
    """Returns what isn't there, bool [tensors, views, photos]."""
    return np.array([[values.rows(photos.names, view) < 0 for view in range(photos.views)] for values in stored])


def _make(
    through: Pass,
    photos: NamedPhotos,
    lacking: npt.NDArray[np.bool_],
    writers: Sequence[Writer],
    forward: Forward,
    batch_size: int,
) -> Iterator[int]:
    """Makes and writes what is lacking; yields how many views were made, batch by batch."""

    def computed(task: Task) -> tuple[Task, list[npt.NDArray[np.float32]]]:
        names = list(photos.names[task.places].astype(str))
        return task, forward(changed(task.photos, names, task.view, through.settings))

    # Two batches at once keep the processors busy where one waits; replicas are to be called one after the other.
    at_once = 1 if needs_fixed_batches(through.strategy) else 2
    with ThreadPoolExecutor(at_once) as threads:
        tasks = _tasks(through, photos, lacking, batch_size)
        for task, outputs in in_order(threads, computed, tasks, ahead=at_once):
            for values, writer, without in zip(outputs, writers, lacking[:, task.view, task.places], strict=True):
                if without.any():
                    writer.add(photos.names[task.places][without], task.view, values[without])
            yield len(task.places)


def _tasks(through: Pass, photos: NamedPhotos, lacking: npt.NDArray[np.bool_], batch_size: int) -> Iterator[Task]:
    places = np.flatnonzero(lacking.any(axis=(0, 1)))
    for number, batch in enumerate(_decoded(through, photos, places).batch(batch_size).prefetch(2)):
        some = places[number * batch_size :][: len(batch)]
        for view in range(photos.views):
            asked = lacking[:, view, some].any(axis=0)
            if asked.any():
                yield Task(batch.numpy()[asked], some[asked], view)


def _decoded(through: Pass, photos: NamedPhotos, places: npt.NDArray[np.int64]) -> tf.data.Dataset:
    """The photos at some places of a split."""
    chosen = np.zeros(len(photos.names), bool)
    chosen[places] = True
    records = dataset.read_records(photos.split.files)
    marked = tf.data.Dataset.zip((records, untuned(tf.data.Dataset.from_tensor_slices(chosen))))
    records = marked.filter(lambda _, is_chosen: is_chosen).map(lambda record, _: record)
    return dataset.photos(records, through.tft_output, through.class_names).map(lambda photo, _: photo)


def _forward(through: Pass, batch_size: int) -> Forward:
    """Returns a function that sends photos through the layers, as many as `batch_size` at once.

    Photos are padded to that number, so that the layers are traced once.
    """
    strategy = through.strategy

    def outputs(photos: tf.Tensor) -> list[tf.Tensor]:
        return [tf.cast(output, tf.float32) for output in tf.nest.flatten(through.layers(photos, training=False))]

    @tf.function(autograph=False)
    def on_each(photos: object) -> object:
        return strategy.run(outputs, (photos,))

    def forward(photos: npt.NDArray[np.float32]) -> list[npt.NDArray[np.float32]]:
        padded = np.concatenate([photos, np.zeros((batch_size - len(photos), *photos.shape[1:]), photos.dtype)])
        pieces = iter(np.split(padded, batch_size // BATCH))
        given = strategy.experimental_distribute_values_from_function(lambda _: tf.constant(next(pieces)))
        return [
            np.concatenate([piece.numpy() for piece in strategy.experimental_local_results(output)])[: len(photos)]
            for output in on_each(given)
        ]

    return forward


def _replicas_here(strategy: tf.distribute.Strategy) -> int:
    _, workers = place_among_workers(strategy)
    return int(strategy.num_replicas_in_sync) // workers


@cache
def _code() -> str:
    digest = hashlib.sha256("".join(f"{library}=={version(library)}\n" for library in LIBRARIES).encode())
    for file in (__file__, *(module.__file__ for module in CODE)):
        digest.update(Path(str(file)).read_bytes())
    return digest.hexdigest()
