"""What is stored is found again, by whoever asks, in any file system, and half of it never."""

import hashlib
import os
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

from components.trainer.transfer_learning import feature_store
from components.trainer.transfer_learning.feature_store import (
    StoredValues,
    Tensor,
    Writer,
    begin,
    make_room,
    remove_unfinished,
    size,
    stored_folders,
    tensors,
    write_stored_folders,
)

TENSOR = Tensor(
    layer="out",
    shape=(2, 3),
    seen={"image_size": 32},
    augmentation={"rotation": 0.2},
    seed=0,
    weights="w",
    precision="float32",
    code="c",
)
PHOTOS = [hashlib.sha256(bytes([number])).hexdigest() for number in range(5)]


@pytest.fixture(params=["local", "ram"])
def store(request, tmp_path):
    """A folder in a file system of the system's, and in one that only TensorFlow knows."""
    return str(tmp_path) if request.param == "local" else f"ram://{tmp_path.name}/store"


def values_of(photos, scale=1.0):
    numbers = [PHOTOS.index(photo) for photo in photos]
    return scale * (np.array(numbers)[:, None, None] + np.arange(6).reshape(2, 3) / 8).astype(np.float32)


def write(store, photos=PHOTOS, view=0, tensor=TENSOR, **options):
    folder = f"{store}/{tensor.key}"
    begin(folder, tensor)
    with Writer(folder, tensor) as writer:
        writer.add(photos, view, values_of(photos, **options))
    return folder


def test_values_are_found_by_photo_and_view(store):
    folder = write(store, PHOTOS[:3])
    write(store, PHOTOS[2:], view=1)
    stored = StoredValues(folder)
    np.testing.assert_array_equal(stored.rows(PHOTOS, 0) >= 0, [True, True, True, False, False])
    np.testing.assert_array_equal(stored.rows(PHOTOS, 1) >= 0, [False, False, True, True, True])
    assert [photo.decode() for photo in stored.photos(view=1)] == sorted(PHOTOS[2:])
    asked = [PHOTOS[4], PHOTOS[2], PHOTOS[4]]
    np.testing.assert_allclose(stored.read(stored.rows(asked, 1)), values_of(asked), rtol=1e-3)
    assert stored.read(stored.rows([], 0)).shape == (0, 2, 3)


def test_an_empty_tensor_has_nothing(store):
    folder = write(store, [])
    assert StoredValues(folder).rows(PHOTOS, 0).tolist() == [-1] * 5


@pytest.mark.parametrize("scale", [1e-30, 1e-7, 1, 1e9])
def test_small_and_large_values_keep_their_digits(tmp_path, scale):
    stored = StoredValues(write(str(tmp_path), scale=scale))
    np.testing.assert_allclose(stored.read(stored.rows(PHOTOS, 0)), values_of(PHOTOS, scale), rtol=1e-3)


def test_rows_of_many_parts_are_read_in_the_order_asked_for(store, monkeypatch):
    monkeypatch.setattr(feature_store, "PART_BYTES", 1)
    folder = f"{store}/{TENSOR.key}"
    begin(folder, TENSOR)
    with Writer(folder, TENSOR) as writer:
        for photo in PHOTOS:
            writer.add([photo], 0, values_of([photo]))
    assert len(tf.io.gfile.glob(f"{folder}/*.values.npy")) == 5
    stored = StoredValues(folder)
    np.testing.assert_allclose(stored.read(stored.rows(PHOTOS[::-1], 0)), values_of(PHOTOS[::-1]), rtol=1e-3)


def test_values_stay_on_the_disk_until_they_are_read(tmp_path):
    stored = StoredValues(write(str(tmp_path)))
    assert all(isinstance(values, np.memmap) for values in stored._values)


def test_what_was_not_written_to_its_end_is_not_there(tmp_path, monkeypatch):
    folder = Path(write(str(tmp_path), PHOTOS[:2]))
    write_file = feature_store._write

    def end_at_the_index(file, content):
        if file.endswith(".index.npy"):
            raise InterruptedError
        write_file(file, content)

    monkeypatch.setattr(feature_store, "_write", end_at_the_index)
    with pytest.raises(InterruptedError):
        write(str(tmp_path), PHOTOS[2:])
    (folder / "half.values.npy-0.part").write_bytes(b"half")
    assert len(list(folder.glob("*.values.npy*"))) == 3
    for _ in range(2):
        assert (StoredValues(str(folder)).rows(PHOTOS, 0) >= 0).tolist() == [True, True, False, False, False]
        remove_unfinished(str(folder))
    assert sorted(path.name.partition(".")[2] for path in folder.iterdir()) == ["index.npy", "json", "values.npy"]


def test_what_was_made_before_an_error_is_written_to_the_last_part(tmp_path):
    folder = write(str(tmp_path), PHOTOS[:2])

    def write_and_end():
        with Writer(folder, TENSOR) as writer:
            writer.add(PHOTOS[2:], 0, values_of(PHOTOS[2:]))
            raise InterruptedError

    with pytest.raises(InterruptedError):
        write_and_end()
    assert (StoredValues(folder).rows(PHOTOS, 0) >= 0).all()


@pytest.mark.parametrize("file", ["values", "index"])
def test_a_damaged_part_is_passed_over(tmp_path, caplog, file):
    folder = Path(write(str(tmp_path), PHOTOS[:2]))
    damaged = next(folder.glob(f"*.{file}.npy"))
    write(str(tmp_path), PHOTOS[2:])
    damaged.write_bytes(damaged.read_bytes()[:-8])
    assert (StoredValues(str(folder)).rows(PHOTOS, 0) >= 0).tolist() == [False, False, True, True, True]
    assert "is damaged and is passed over" in caplog.text


@pytest.mark.parametrize(
    "change",
    [
        {"layer": "other"},
        {"shape": (6,)},
        {"seen": {"image_size": 64}},
        {"augmentation": {"rotation": 0.1}},
        {"seed": 1},
        {"weights": "v"},
        {"precision": "mixed_bfloat16"},
        {"code": "d"},
    ],
)
def test_whatever_the_values_depend_on_is_in_the_key(change):
    assert TENSOR.model_copy(update=change).key != TENSOR.key


def test_a_store_says_what_is_in_it(store):
    folders = [write(store, tensor=TENSOR.model_copy(update={"seed": seed})) for seed in (0, 1)]
    assert {folder: tensor.seed for folder, tensor in tensors(store).items()} == dict(zip(folders, (0, 1), strict=True))
    before = size(folders[0])
    write(store, photos=PHOTOS[:1])
    assert before < size(folders[0]) < 2 * before


def test_room_is_made_by_what_was_not_used_for_longest(tmp_path):
    store = str(tmp_path)
    folders = [write(store, tensor=TENSOR.model_copy(update={"seed": seed})) for seed in range(4)]
    for age, folder in enumerate([folders[0], *folders[:0:-1]]):
        os.utime(f"{folder}/tensor.json", (1000 - age, 1000 - age))
    each = size(folders[0])
    make_room(store, each, 3 * each, folders[3:])
    assert list(tensors(store)) == [folders[0], folders[3], folders[2]]
    make_room(store, each, each, folders[3:])
    assert list(tensors(store)) == folders[3:]


def test_a_tensor_that_cannot_be_read_is_passed_over(store, caplog):
    folder = write(store)
    tf.io.gfile.makedirs(f"{store}/other")
    with tf.io.gfile.GFile(f"{store}/other/tensor.json", "w") as file:
        file.write("{}")
    assert list(tensors(store)) == [folder]
    assert "can't be read and is passed over" in caplog.text


def test_a_training_says_what_it_was_trained_on(store):
    folder = write(store)
    assert stored_folders(f"{store}/run") == []
    tf.io.gfile.makedirs(f"{store}/run")
    write_stored_folders(f"{store}/run", [folder, f"{store}/removed"])
    assert stored_folders(f"{store}/run") == [folder]


def test_a_store_that_is_not_there_yet_has_room(tmp_path):
    make_room(f"{tmp_path}/none", 1, 1, ())
    assert tensors(f"{tmp_path}/none") == {}
