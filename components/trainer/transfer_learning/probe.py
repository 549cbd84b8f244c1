"""Hands on what the pretrained base makes of photos before it learns anything, for a linear probe on it."""

import logging
import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import tensorflow_transform as tft

from components.ingest.record_files import record_files
from components.trainer.strategy import distribution_strategy
from components.trainer.transfer_learning.config import TransferLearning
from components.trainer.transfer_learning.dataset import Photos, SplitFiles
from components.trainer.transfer_learning.feature_store import StoredValues, stored_folders
from components.trainer.transfer_learning.features import NamedPhotos, Pass, fill, named_photos, tensors_of
from components.trainer.transfer_learning.model import precision_policy
from components.trainer.transfer_learning.parts import lower_part
from components.trainer.transfer_learning.run_fn import build
from components.trainer.transfer_learning.views import UNCHANGED
from components.transform.labels import UNKNOWN, class_names
from components.transform.photos import read_settings

LOGGER = logging.getLogger(__name__)

READ_AT_ONCE = 1024


class Features(NamedTuple):
    """What a base makes of photos as they are.

    Attributes:
        values: float32 [photos, channels]: the base's output, averaged over the places of the photo.
        ids: int64 [photos]: the class numbers.
    """

    values: npt.NDArray[np.float32]
    ids: npt.NDArray[np.int64]


class ProbeData(NamedTuple):
    """What a probe is fitted on and measured on.

    Attributes:
        train: Training photos, or a sample of them.
        test: All test photos of known classes.
        training_photos: How many training photos there are.
    """

    train: Features
    test: Features
    training_photos: int


def probe_features(
    train_files: Sequence[str],
    test_files: Sequence[str],
    transform_graph: str,
    model_run: str,
    trainer: Mapping[str, Any],
    most: int,
    seed: int,
) -> ProbeData | None:
    """Returns what the Trainer stored of the training photos, and the same of the test photos, which it never had.

    Args:
        train_files: Glob patterns of the training split's TFRecords.
        test_files: Glob patterns of the test split's.
        transform_graph: Folder of the Transform step's output.
        model_run: The Trainer's output of that name.
        trainer: The Trainer's settings.
        most: So many training photos, at most; of more, a sample.
        seed: Of the sample.

    Returns:
        None where nothing is stored of the photos, or where it is of another base than these settings have.
    """
    stored = stored_folders(model_run)
    if not stored:
        return None
    settings = TransferLearning.model_validate(trainer)
    tft_output, names = tft.TFTransformOutput(transform_graph), class_names(transform_graph)
    photos = Photos(tft_output, names, _split(train_files), _split(test_files), read_settings(transform_graph))
    train, test = (named_photos(split, tft_output, names, views=1) for split in (photos.train, photos.validation))
    values = StoredValues(stored[0])
    through = _pass(photos, settings)
    if list(through.tensors.values()) != [values.tensor]:
        LOGGER.warning("%s is of another base than the Trainer's settings have", stored[0])
        return None
    with TemporaryDirectory() as scratch:
        in_scratch = {os.path.join(scratch, key): tensor for key, tensor in through.tensors.items()}
        (of_test,) = fill(replace(through, tensors=in_scratch), (test,), shared=False)
        return ProbeData(
            _read(values, train, most, seed), _read(of_test, test, len(test.names), seed), len(train.names)
        )


def _split(patterns: Sequence[str]) -> SplitFiles:
    return SplitFiles(tuple(record_files(patterns)), {})


def _pass(photos: Photos, settings: TransferLearning) -> Pass:
    """The way from photos to the base's output, as the Trainer began with it."""
    strategy = distribution_strategy("one_device")
    model, base, _ = build(settings, photos, strategy)
    with strategy.scope(), precision_policy(settings.precision):
        layers = lower_part(model, base, None)
        (tensor,) = tensors_of(base, layers, [base.name], photos.seen, settings)
    return Pass(layers, {tensor.key: tensor}, photos.tft_output, photos.class_names, settings, strategy)


def _read(values: StoredValues, photos: NamedPhotos, most: int, seed: int) -> Features:
    """Reads the photos that are stored, or a sample of them, in their order."""
    rows = values.rows(photos.names, UNCHANGED)
    chosen = np.flatnonzero((rows >= 0) & (photos.class_ids != UNKNOWN))
    if len(chosen) > most:
        chosen = np.sort(np.random.default_rng(seed).choice(chosen, most, replace=False))
    parts = [chosen[begin : begin + READ_AT_ONCE] for begin in range(0, len(chosen), READ_AT_ONCE)]
    read = [_averaged(values.read(rows[part])) for part in parts]
    channels = values.tensor.shape[-1]
    return Features(np.concatenate([np.zeros([0, channels], np.float32), *read]), photos.class_ids[chosen])


def _averaged(values: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    return values.mean(axis=tuple(range(1, values.ndim - 1)))
