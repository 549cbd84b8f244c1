"""Epochs of stored values: each photo once, its views in turn, and the same for a training that goes on."""

import hashlib

import numpy as np
import pytest

from components.trainer.transfer_learning.dataset import SplitFiles
from components.trainer.transfer_learning.feature_store import StoredValues, Tensor, Writer, begin
from components.trainer.transfer_learning.features import NamedPhotos
from components.trainer.transfer_learning.stored_batches import training_batches, validation_batches

COUNT, VIEWS = 7, 3
NAMES = np.array([hashlib.sha256(bytes([number])).hexdigest() for number in range(COUNT)], "S64")
PHOTOS = NamedPhotos(SplitFiles((), {}), NAMES, np.arange(COUNT) % 2, VIEWS)


@pytest.fixture
def stored(tmp_path):
    """Values that say which photo and which view they are of."""
    tensor = Tensor(layer="", shape=(2,), seen={}, augmentation={}, seed=0, weights="", precision="float32", code="")
    begin(str(tmp_path), tensor)
    with Writer(str(tmp_path), tensor) as writer:
        for view in range(VIEWS):
            writer.add(NAMES, view, np.stack([np.arange(COUNT), np.full(COUNT, view)], axis=1).astype(np.float32))
    return StoredValues(str(tmp_path))


def epochs_of(stored, epochs, seed=0, drop_remainder=False):
    batches = training_batches(stored, PHOTOS, epochs, 4, seed, drop_remainder=drop_remainder)
    assert batches.element_spec[0].shape.as_list() == [4 if drop_remainder else None, 2]
    every = [(values.numpy().round(2).tolist(), ids.numpy().tolist()) for values, ids in batches]
    assert len(batches) == len(every)
    per_epoch = len(every) // len(epochs)
    return [every[start : start + per_epoch] for start in range(0, len(every), per_epoch)]


def photos_and_views(epoch):
    return [tuple(map(int, row)) for values, _ in epoch for row in values]


def test_an_epoch_has_each_photo_once_in_an_order_of_its_own(stored):
    first, second = epochs_of(stored, range(2))
    assert [len(values) for values, _ in first] == [4, 3]
    orders = [[photo for photo, _ in photos_and_views(epoch)] for epoch in (first, second)]
    assert sorted(orders[0]) == sorted(orders[1]) == list(range(COUNT))
    assert orders[0] != orders[1]
    assert all([row[0] % 2 for row in values] == ids for values, ids in (*first, *second))


def test_as_many_epochs_as_views_go_through_all(stored):
    every = [pair for epoch in epochs_of(stored, range(VIEWS)) for pair in photos_and_views(epoch)]
    assert sorted(every) == [(photo, view) for photo in range(COUNT) for view in range(VIEWS)]
    assert len({view for _, view in photos_and_views(epochs_of(stored, range(1))[0])}) > 1


def test_a_training_that_goes_on_has_what_it_would_have_had(stored):
    assert epochs_of(stored, range(2, 4)) == epochs_of(stored, range(4))[2:]
    assert epochs_of(stored, range(2), seed=1) != epochs_of(stored, range(2))


def test_batches_of_one_shape_leave_the_remainder_of_each_epoch_out(stored):
    assert [[len(values) for values, _ in epoch] for epoch in epochs_of(stored, range(2), drop_remainder=True)] == [
        [4],
        [4],
    ]


def test_validation_is_the_photos_as_they_are_in_order(stored):
    batches = validation_batches(stored, PHOTOS, 4)
    found = np.concatenate([values for values, _ in batches])
    np.testing.assert_allclose(found, [(photo, 0) for photo in range(COUNT)], rtol=1e-3)
    assert np.concatenate([ids for _, ids in batches]).tolist() == [photo % 2 for photo in range(COUNT)]
