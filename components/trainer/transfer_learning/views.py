"""Makes the views of a photo: the photo as it is, and changed ones, each by the photo and its own number alone."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import tensorflow as tf

from components.trainer.transfer_learning.augmentation import changes
from components.trainer.transfer_learning.config import TransferLearning

UNCHANGED = 0
"""Number of the view that is the photo as it is."""


def views_of(settings: TransferLearning, epochs: int) -> int:
    """Returns how many views of each training photo are to be stored; 0 where each epoch is to have fresh ones.

    Without a base no layer is frozen, and there is nothing to store.

    Args:
        settings: The trainer's settings.
        epochs: Of the longest phase that takes stored views: an epoch takes one.
    """
    if settings.views == "fresh" or settings.base is None:
        return 0
    is_changed = settings.augmentation.horizontal_flip or changes(settings.augmentation, settings.scale)
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
    made = changes(settings.augmentation, settings.scale)
    numbers = 1 + sum(change.numbers for change in made)
    drawn = np.array([_drawn(name, view, settings.seed, numbers) for name in names], np.float32)
    if settings.augmentation.horizontal_flip:
        photos = np.where(drawn[:, 0, None, None, None] < 0, photos[:, :, ::-1], photos)
    begin = 1
    for change in made:
        photos = change.made(tf.constant(photos), tf.constant(drawn[:, begin : begin + change.numbers])).numpy()
        begin += change.numbers
    return photos


def _drawn(name: str, view: int, seed: int, count: int) -> npt.NDArray[np.float64]:
    """Numbers from -1 to 1: of a longer row of them the first ones are the same."""
    return np.random.default_rng([seed, view, int(name, 16)]).uniform(-1, 1, count)
