import shutil
from pathlib import Path

import numpy as np
import pytest
import tensorflow_transform as tft
from leftovers import plant

from components.errors import TransferlineError
from components.trainer.transfer_learning.dataset import (
    SplitFiles,
    batches,
    fits_in_memory,
    read_split,
    training_batch_size,
)

NAMES = ("cat", "dog")
LABELS = ["cat", "dog", "dog", "cat", "dog", "dog", "dog"]


@pytest.fixture
def output(two_classes):
    return tft.TFTransformOutput(two_classes)


@pytest.fixture
def split(tmp_path, output, write_split):
    pattern = write_split(tmp_path / "photos", LABELS)
    plant(tmp_path / "photos")
    return read_split([pattern], output, NAMES)


def epoch(dataset):
    return [(photos.numpy(), ids.numpy()) for photos, ids in dataset]


def order(dataset):
    return np.concatenate([photos.mean(axis=(1, 2, 3)) for photos, _ in epoch(dataset)])


def test_a_split_knows_its_photos(split):
    assert split.counts == {"cat": 2, "dog": 5}
    assert split.examples == 7
    assert len(split.files) == 1


def test_a_label_that_training_has_not_seen_is_an_error(tmp_path, output, write_split):
    pattern = write_split(tmp_path / "photos", ["cat", "eel", "eel"])

    with pytest.raises(TransferlineError, match=r"2 photos .* \['eel'\]") as error:
        read_split([pattern], output, NAMES)
    assert error.value.place == pattern


def test_a_split_without_photos_is_an_error(tmp_path, output, write_split):
    with pytest.raises(TransferlineError, match="no photos"):
        read_split([write_split(tmp_path / "none", [])], output, NAMES)
    with pytest.raises(TransferlineError, match="no files of records"):
        read_split([str(tmp_path / "nowhere" / "*")], output, NAMES)


def test_batches_hold_tensors_and_class_numbers_in_order(split, output):
    got = epoch(batches(split, output, NAMES, 4, cache=False))

    assert [photos.shape for photos, _ in got] == [(4, 32, 32, 3), (3, 32, 32, 3)]
    assert got[0][0].dtype == np.float32
    np.testing.assert_array_equal(np.concatenate([ids for _, ids in got]), [0, 1, 1, 0, 1, 1, 1])
    for photos, ids in got:
        np.testing.assert_array_equal(photos.mean(axis=(1, 2, 3)) > 0, ids == 1)
        assert np.abs(photos).max() <= 1


def test_batches_of_one_shape_leave_the_remainder_out(split, output):
    dataset = batches(split, output, NAMES, 4, cache=False, drop_remainder=True)

    assert dataset.element_spec[0].shape == (4, 32, 32, 3)
    assert len(epoch(dataset)) == 1


@pytest.mark.parametrize("cache", [True, False])
def test_each_epoch_has_another_order_that_the_seed_repeats(split, output, cache):
    dataset, again, other = (batches(split, output, NAMES, 7, cache=cache, shuffle_seed=seed) for seed in (5, 5, 6))
    first, second = order(dataset), order(dataset)

    assert not np.array_equal(first, second)
    np.testing.assert_allclose(np.sort(first), np.sort(second))
    np.testing.assert_array_equal(first, order(again))
    np.testing.assert_array_equal(second, order(again))
    assert not np.array_equal(first, order(other))


def test_several_files_are_read_in_turns_always_in_the_same_order(tmp_path, output, write_split):
    patterns = [write_split(tmp_path / name, labels) for name, labels in (("a", LABELS), ("b", ["cat", "cat"]))]
    split = read_split(patterns, output, NAMES)
    assert split.examples == 9
    for _ in range(3):
        ids = np.concatenate([ids for _, ids in epoch(batches(split, output, NAMES, 4, cache=False))])
        np.testing.assert_array_equal(ids, [0, 0, 1, 0, 1, 0, 1, 1, 1])


@pytest.mark.parametrize("shuffle_seed", [None, 3])
def test_only_the_first_epoch_reads_the_files(split, output, shuffle_seed):
    dataset = batches(split, output, NAMES, 4, cache=True, shuffle_seed=shuffle_seed)
    epoch(dataset)
    shutil.rmtree(Path(split.files[0]).parent)

    assert sum(len(ids) for _, ids in epoch(dataset)) == 7


def test_photos_fit_in_memory_up_to_the_bound():
    assert fits_in_memory(10, 32, 10 * 32 * 32 * 12)
    assert not fits_in_memory(10, 32, 10 * 32 * 32 * 12 - 1)


@pytest.mark.parametrize(
    ("batch_size", "examples", "replicas", "expected"),
    [(32, 100, 2, 32), (32, 100, 3, 30), (32, 7, 2, 6), (32, 2, 2, 2)],
)
def test_a_batch_of_one_shape_shrinks_to_what_there_is(batch_size, examples, replicas, expected):
    assert training_batch_size(batch_size, examples, replicas) == expected


@pytest.mark.parametrize(
    ("batch_size", "examples", "place"), [(32, 3, "trainer.strategy"), (2, 99, "trainer.batch_size")]
)
def test_a_replica_without_a_photo_is_an_error(batch_size, examples, place):
    with pytest.raises(TransferlineError, match="4 replicas") as error:
        training_batch_size(batch_size, examples, 4)
    assert error.value.place == place


def test_a_split_is_counted_over_its_labels():
    assert SplitFiles((), {"cat": 2, "dog": 3}).examples == 5
