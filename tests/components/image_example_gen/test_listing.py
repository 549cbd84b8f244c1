import os
import zipfile
from itertools import pairwise

import pytest

from components.errors import TransferlineError
from components.image_example_gen.config import ImageData
from components.image_example_gen.listing import PhotoLayout, fingerprint, list_photos, recognise


@pytest.mark.parametrize(
    ("name", "layout"),
    [
        ("labels.CSV", PhotoLayout.MANIFEST),
        ("photos.zip", PhotoLayout.ZIP),
        ("photos.tar.gz", PhotoLayout.TAR),
        ("photos.tgz", PhotoLayout.TAR),
        ("a.tfrecord", PhotoLayout.TFRECORDS),
        ("train-00000-of-00010", PhotoLayout.TFRECORDS),
    ],
)
def test_files_are_recognised(tmp_path, name, layout):
    (tmp_path / name).write_bytes(b"")
    assert recognise(str(tmp_path / name)) is layout


def test_folders_are_recognised(tmp_path):
    assert recognise(str(tmp_path)) is PhotoLayout.FOLDERS
    (tmp_path / "notes.txt").write_text("")
    (tmp_path / "train").mkdir()
    (tmp_path / "train" / "train-00000-of-00001").write_bytes(b"")
    assert recognise(str(tmp_path)) is PhotoLayout.TFRECORDS
    assert recognise(str(tmp_path / "train" / "train-*")) is PhotoLayout.TFRECORDS
    (tmp_path / "a.png").write_bytes(b"")
    assert recognise(str(tmp_path)) is PhotoLayout.FOLDERS


@pytest.mark.parametrize(
    ("name", "cause"),
    [
        ("", "data.path is empty"),
        ("nowhere", "There is no such file or folder"),
        ("nowhere*", "There is no such file or folder"),
        ("notes.txt", "of no kind that holds photos"),
    ],
)
def test_what_is_no_data(tmp_path, name, cause):
    (tmp_path / "notes.txt").write_text("")
    with pytest.raises(TransferlineError, match=cause) as caught:
        recognise(str(tmp_path / name) if name else "")
    assert "a folder with one folder of photos for each class" in caught.value.cure


def test_an_empty_folder(tmp_path):
    with pytest.raises(TransferlineError, match="There are no files"):
        list_photos(ImageData(path=str(tmp_path)))


def test_the_order_mixes_classes_and_is_the_same_every_time(fill, tmp_path):
    fill(tmp_path / "cat", 20)
    fill(tmp_path / "dog", 20)
    first, second = (list_photos(ImageData(path=str(tmp_path))) for _ in range(2))
    assert first == second
    labels = [photo.target.label for source in first.sources for photo in source.read()]
    assert sum(before != after for before, after in pairwise(labels)) > 5


@pytest.fixture
def data(fill, tmp_path):
    folder = tmp_path / "data"
    fill(folder / "cat", 2)
    fill(folder / "dog", 2)
    return folder


def add(folder):
    (folder / "cat" / "new.jpg").write_bytes(b"x")


def remove(folder):
    (folder / "cat" / "000.jpg").unlink()


def rename(folder):
    (folder / "cat" / "000.jpg").rename(folder / "dog" / "renamed.jpg")


def change(folder):
    (folder / "cat" / "000.jpg").write_bytes(b"another")


def touch(folder):
    os.utime(folder / "cat" / "000.jpg", ns=(1, 1))


def empty(folder):
    (folder / "bird").mkdir()


@pytest.mark.parametrize("act", [add, remove, rename, change, touch, empty])
def test_the_fingerprint_of_a_folder_changes_with_it(data, act):
    before = fingerprint(str(data))
    assert fingerprint(str(data)) == before
    act(data)
    assert fingerprint(str(data)) != before


def test_the_fingerprint_of_a_manifest_covers_its_photos(data):
    manifest = data.parent / "labels.csv"
    manifest.write_text("path,label\ndata/cat/000.jpg,cat\ndata/gone.jpg,cat\n")
    before = fingerprint(str(manifest))
    add(data)
    assert fingerprint(str(manifest)) == before
    change(data)
    changed = fingerprint(str(manifest))
    assert changed != before
    (data / "gone.jpg").write_bytes(b"found")
    assert fingerprint(str(manifest)) != changed


def test_the_fingerprint_of_an_archive_is_that_of_the_file(tmp_path):
    path = tmp_path / "photos.zip"
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("cat/a.jpg", b"")
    before = fingerprint(str(path))
    assert fingerprint(str(path)) == before
    os.utime(path, ns=(1, 1))
    assert fingerprint(str(path)) != before


def test_the_fingerprint_takes_any_name(tmp_path):
    before = fingerprint(str(tmp_path))
    with open(os.path.join(os.fsencode(tmp_path), b"caf\xe9"), "wb"):
        pass
    assert fingerprint(str(tmp_path)) != before
