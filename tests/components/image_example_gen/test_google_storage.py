"""Photos on gs://, and how often Google is asked for them."""

import zipfile
from collections import Counter

import pytest

from components.errors import TransferlineError
from components.image_example_gen import zips
from components.image_example_gen.config import ArchiveBounds
from components.image_example_gen.listing import fingerprint


@pytest.fixture
def filled(object_store, encode):
    """Three hundred photos in two classes; returns the store."""
    for number in range(300):
        name = f"data/{('cat', 'dog')[number % 2]}/{number:03d}.jpg"
        object_store.put(name, encode((number % 256, number // 256, 9)))
    return object_store


def test_photos_are_read_by_one_request_each(filled, take):
    taken = take("gs://bucket/data")
    assert taken.labels() == {"cat": 150, "dog": 150}
    asked = Counter(filled.requests)
    assert all(asked[f"GET {name}"] == 1 for name in filled.names())
    assert len(filled.requests) < 300 * 1.05


def test_photos_come_in_an_order_that_mixes_the_classes_and_is_that_of_local_ones(filled, take, tmp_path):
    for name in filled.names():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(filled.content(name))
    on_google, here = take("gs://bucket/data"), take(str(tmp_path / "data"))
    assert [item.place for item in on_google.written] == [item.place for item in here.written]
    assert on_google.counts() == here.counts()


def test_a_fingerprint_is_made_of_the_listing_and_follows_the_content(filled, encode):
    before = fingerprint("gs://bucket/data")
    assert len(filled.requests) < 10
    filled.put("data/cat/000.jpg", encode((1, 2, 3)))
    assert fingerprint("gs://bucket/data") != before


def test_the_fingerprint_of_a_manifest_asks_for_no_photo_by_itself(filled):
    names = [name.removeprefix("data/") for name in filled.names()]
    filled.put("data/all.csv", b"path,label\n" + "".join(f"{name},{name[:3]}\n" for name in names).encode())
    fingerprint("gs://bucket/data/all.csv")
    assert len(filled.requests) < 10


def test_a_manifest_names_photos_on_google(filled, take):
    filled.put("data/some.csv", b"path,label\ncat/000.jpg,cat\ngs://bucket/data/dog/001.jpg,dog\ncat/gone.jpg,cat\n")
    taken = take("gs://bucket/data/some.csv")
    assert taken.labels() == {"cat": 1, "dog": 1}
    assert taken.quarantined == {"cat/gone.jpg": "manifest row 4: file cat/gone.jpg is missing"}


def test_markers_of_folders_are_no_photos_and_an_empty_class_is_told(filled, take):
    for name in ("data/", "data/cat/", "data/bird/"):
        filled.put(name, b"")
    taken = take("gs://bucket/data")
    assert taken.found == 301
    assert taken.quarantined == {"bird/": "the class folder is empty"}


def test_a_photo_that_vanishes_is_set_aside(filled, take):
    filled.faults["data/cat/000.jpg"] = [404]
    assert take("gs://bucket/data").quarantined == {"cat/000.jpg": "the file is missing"}


def test_google_that_refuses_stops_the_step(filled, take):
    filled.faults["data/cat/000.jpg"] = [403]
    with pytest.raises(TransferlineError, match="may not read this"):
        take("gs://bucket/data")


@pytest.fixture
def archive(object_store, encode, tmp_path):
    """The store with an archive of six hundred photos, sorted by their class; and its file."""
    path = tmp_path / "photos.zip"
    with zipfile.ZipFile(path, "w") as file:
        for number in range(600):
            file.writestr(f"{('cat', 'dog')[number // 300]}/{number:03d}.jpg", encode((number % 256, number // 256, 9)))
    object_store.put("photos.zip", path.read_bytes())
    return object_store, path


def test_an_archive_is_read_in_stretches_and_yields_what_a_local_one_does(archive, take):
    store, path = archive
    taken = take("gs://bucket/photos.zip")
    assert taken.written == take(str(path)).written
    assert taken.labels() == {"cat": 300, "dog": 300}
    assert len(store.requests) < 30


def test_of_an_archive_no_more_is_held_at_once_than_is_good(archive, take, monkeypatch):
    _, path = archive
    whole = path.stat().st_size
    monkeypatch.setattr(zips, "REMOTE_BYTES", whole // 6)
    sources = zips.list_zip("gs://bucket/photos.zip", {}, ArchiveBounds()).sources
    assert 6 <= len(sources) <= 8
    assert take("gs://bucket/photos.zip").written == take(str(path)).written
