"""A view is made by the photo, its number and the settings, and by nothing else."""

import hashlib

import numpy as np
import pytest

from components.trainer.transfer_learning.config import Augmentation, TransferLearning
from components.trainer.transfer_learning.views import UNCHANGED, changed, views_of

SETTINGS = TransferLearning(weights=None)
STILL = Augmentation(horizontal_flip=False, rotation=0)
NAMES = [hashlib.sha256(bytes([number])).hexdigest() for number in range(16)]
PHOTOS = np.random.default_rng(0).uniform(-1, 1, (16, 8, 8, 3)).astype(np.float32)


@pytest.mark.parametrize(
    ("update", "epochs", "views"),
    [
        ({}, 10, 3),
        ({}, 2, 2),
        ({"views": 8}, 10, 8),
        ({"views": "fresh"}, 10, 0),
        ({"augmentation": STILL}, 10, 1),
        ({"augmentation": STILL.model_copy(update={"contrast": 0.1})}, 10, 3),
        ({"augmentation": STILL, "views": "fresh"}, 10, 0),
        ({"base": None}, 10, 0),
    ],
)
def test_there_are_as_many_views_as_the_epochs_can_tell_apart(update, epochs, views):
    assert views_of(SETTINGS.model_copy(update=update), epochs) == views


def test_the_first_view_is_the_photo_as_it_is():
    assert changed(PHOTOS, NAMES, UNCHANGED, SETTINGS) is PHOTOS


def test_a_view_depends_on_no_other_photo():
    whole = changed(PHOTOS, NAMES, 3, SETTINGS)
    some = [7, 2]
    alone = changed(PHOTOS[some], [NAMES[place] for place in some], 3, SETTINGS)
    np.testing.assert_array_equal(alone, whole[some])


def test_views_differ_by_number_seed_and_photo():
    same = np.repeat(PHOTOS[:1], 2, axis=0)
    views = [
        changed(same, NAMES[:2], number, SETTINGS.model_copy(update={"seed": seed}))
        for number, seed in ((1, 0), (2, 0), (1, 1))
    ]
    every = np.concatenate(views).reshape(6, -1)
    assert len({photo.tobytes() for photo in every}) == 6


def test_only_what_the_settings_say_is_changed():
    np.testing.assert_array_equal(
        changed(PHOTOS, NAMES, 1, SETTINGS.model_copy(update={"augmentation": STILL})), PHOTOS
    )
    flip = SETTINGS.model_copy(update={"augmentation": Augmentation(rotation=0)})
    mirrored = [
        not np.array_equal(photo, view) for photo, view in zip(PHOTOS, changed(PHOTOS, NAMES, 1, flip), strict=True)
    ]
    assert 0 < sum(mirrored) < len(mirrored)
    np.testing.assert_array_equal(changed(PHOTOS, NAMES, 1, flip)[mirrored], PHOTOS[mirrored][:, :, ::-1])
    for name in ("zoom", "translation", "crop", "contrast", "brightness"):
        alone = SETTINGS.model_copy(update={"augmentation": STILL.model_copy(update={name: 0.3})})
        assert not np.allclose(changed(PHOTOS, NAMES, 1, alone), PHOTOS), name
    both = SETTINGS.model_copy(update={"augmentation": flip.augmentation.model_copy(update={"brightness": 0.5})})
    bright = changed(PHOTOS, NAMES, 1, both)
    for place, photo in enumerate(np.where(np.array(mirrored)[:, None, None, None], PHOTOS[:, :, ::-1], PHOTOS)):
        assert np.corrcoef(bright[place].ravel(), photo.ravel())[0, 1] > 0.7  # mirrored as without the brightness
    turn = SETTINGS.model_copy(update={"augmentation": Augmentation(horizontal_flip=False, rotation=0.1)})
    assert not np.allclose(changed(PHOTOS, NAMES, 1, turn), PHOTOS)
