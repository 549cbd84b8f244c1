"""Makes the views of a photo: the photo as it is, and changed ones, each by the photo and its own number alone."""

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import tensorflow as tf

from components.trainer.transfer_learning.augmentation import rotated
from components.trainer.transfer_learning.config import TransferLearning

UNCHANGED = 0
"""Number of the view that is the photo as it is."""


def views_of(settings: TransferLearning, epochs: int) -> int:
    """Returns how many views of each training photo are to be stored; 0 where each epoch is to have fresh ones.

    Args:
        settings: The trainer's settings.
        epochs: Of the longest phase that takes stored views: an epoch takes one.
    """
    if settings.views == "fresh":
        return 0
    is_changed = settings.augmentation.horizontal_flip or settings.augmentation.rotation
    return min(settings.views, epochs) if is_changed else 1


def changed(
    photos: npt.NDArray[np.float32], names: Sequence[str], view: int, settings: TransferLearning
) -> npt.NDArray[np.float32]:
    """Returns one view of each photo, which depends on no other photo.

    Args:
        photos: float32 [batch, height, width, channels].
        names: SHA-256 of each photo's bytes, as hex digits.
        view: The view's number.
        settings: The trainer's settings: what is changed at random, and the seed.

    Returns:
        An array like `photos`.
    """
    if view == UNCHANGED:
        return photos
    flips, turns = np.array([_drawn(name, view, settings.seed) for name in names], np.float32).T
    if settings.augmentation.horizontal_flip:
        photos = np.where(flips[:, None, None, None] < 0, photos[:, :, ::-1], photos)
    if settings.augmentation.rotation:
        angles = turns * np.float32(2 * math.pi * settings.augmentation.rotation)
        photos = rotated(tf.constant(photos), tf.constant(angles)).numpy()
    return photos


def _drawn(name: str, view: int, seed: int) -> npt.NDArray[np.float64]:
    """Two numbers from -1 to 1."""
    return np.random.default_rng([seed, view, int(name, 16)]).uniform(-1, 1, 2)
