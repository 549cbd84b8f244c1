import io
import subprocess
import sys
import time

import pytest
from google.auth.exceptions import RefreshError
from object_store import CUT

from components import progress
from components.errors import TransferlineError
from components.ingest import google_storage, storage
from components.ingest.side_by_side import side_by_side

CONTENT = bytes(range(256)) * 40


@pytest.fixture
def photos(object_store):
    """Photos in two classes, a class without any, and the markers that TensorFlow leaves."""
    for name in ("data/", "data/cat/", "data/empty/", "data2/else"):
        object_store.put(name, b"")
    for name in ("data/cat/1.jpg", "data/cat/2.jpg", "data/dog/more/3.jpg"):
        object_store.put(name, name.encode())
    return object_store


def test_without_a_network_that_is_told_in_seconds(monkeypatch):
    monkeypatch.setenv("STORAGE_EMULATOR_HOST", "http://127.0.0.1:9")
    monkeypatch.setenv("no_proxy", "*")
    monkeypatch.setattr(google_storage, "SECONDS_TO_REACH", 1.5)
    slept = []
    monkeypatch.setattr("time.sleep", slept.append)
    google_storage._client_of.cache_clear()
    with pytest.raises(TransferlineError) as raised:
        list(storage.walk("gs://bucket/data"))
    assert raised.value.cause == "Google Cloud Storage can't be reached: Connection refused."
    assert raised.value.place == "http://127.0.0.1:9"
    assert set(slept) == {google_storage.SECONDS_BETWEEN}


def test_what_is_below_a_folder_is_told_by_its_listing(photos):
    nodes = list(storage.walk("gs://bucket/data"))
    assert [(node.name, node.is_folder) for node in nodes] == [
        ("cat", True),
        ("cat/1.jpg", False),
        ("cat/2.jpg", False),
        ("dog", True),
        ("dog/more", True),
        ("dog/more/3.jpg", False),
        ("empty", True),
    ]
    assert nodes[1].stamp.startswith(f"{len('data/cat/1.jpg')}:")
    assert photos.requests == ["GET data/"]


def test_a_listing_takes_a_request_for_a_thousand_objects(object_store):
    for number in range(2500):
        object_store.put(f"many/{number:04d}", b"x")
    assert len(list(storage.walk("gs://bucket/many"))) == 2500
    assert object_store.requests == ["GET many/"] * 3


def test_an_object_that_is_named_like_a_folder_is_not_lost(object_store):
    object_store.put("data/cat/", b"something")
    assert [(node.name, node.fault) for node in storage.walk("gs://bucket/data")] == [
        ("cat", ""),
        ("cat/", "its name is that of a folder, and there is something in it"),
    ]


def test_a_stamp_follows_the_content(photos):
    before = storage.stamp_of("gs://bucket/data/cat/1.jpg")
    photos.put("data/cat/1.jpg", b"DATA/cat/1.jpg")
    assert storage.stamp_of("gs://bucket/data/cat/1.jpg") != before
    photos.put("data/cat/1.jpg", b"data/cat/1.jpg")
    assert storage.stamp_of("gs://bucket/data/cat/1.jpg") == before
    assert storage.stamp_of("gs://bucket/data/cat/none.jpg") == "missing"


def test_the_stamps_of_many_files_come_from_their_folders(photos, tmp_path):
    (tmp_path / "here").write_bytes(b"123")
    names = ["gs://bucket/data/cat/1.jpg", "gs://bucket/data/cat/none.jpg", "gs://bucket/data/cat/2.jpg"]
    stamps = storage.stamps_of([*names, str(tmp_path / "here")])
    assert [stamp.split(":")[0] for stamp in stamps] == ["14", "missing", "14", "3"]
    assert photos.requests == ["GET data/cat/"]


@pytest.mark.parametrize(
    ("path", "there", "folder"),
    [
        ("gs://bucket/data", True, True),
        ("gs://bucket/data/", True, True),
        ("gs://bucket", True, True),
        ("gs://bucket/data/cat/1.jpg", True, False),
        ("gs://bucket/dat", False, False),
        ("gs://bucket/data/cat/1", False, False),
    ],
)
def test_files_and_folders(photos, path, there, folder):
    assert (storage.exists(path), storage.is_folder(path)) == (there, folder)


def test_names_right_in_a_folder(photos):
    assert sorted(storage.names_in("gs://bucket/data")) == ["cat", "dog", "empty"]
    assert storage.names_in("gs://bucket/none") == []


@pytest.mark.parametrize(
    ("pattern", "found"),
    [
        ("gs://bucket/data/cat/*.jpg", ["data/cat/1.jpg", "data/cat/2.jpg"]),
        ("gs://bucket/data/*/[1-2].jpg", ["data/cat/1.jpg", "data/cat/2.jpg"]),
        ("gs://bucket/data/*", []),
        ("gs://bucket/*/else", ["data2/else"]),
    ],
)
def test_patterns(photos, pattern, found):
    assert storage.glob(pattern) == [f"gs://bucket/{name}" for name in found]


def test_a_file_is_read_by_one_request(photos):
    assert storage.read_file("gs://bucket/data/cat/1.jpg", 100) == b"data/cat/1.jpg"
    assert photos.requests == ["GET data/cat/1.jpg"]
    assert storage.read_file("gs://bucket/data2/else", 100) == b""


def test_of_a_file_that_is_too_large_only_that_is_told(photos, tmp_path):
    (tmp_path / "file").write_bytes(b"data/cat/1.jpg")
    for path in (f"{tmp_path}/file", "gs://bucket/data/cat/1.jpg"):
        assert len(storage.read_file(path, 4)) == 5


def test_files_can_seek(object_store):
    object_store.put("file", CONTENT)
    with storage.open_file("gs://bucket/file") as file:
        assert file.seek(-10, io.SEEK_END) == len(CONTENT) - 10
        assert file.read() == CONTENT[-10:]
        assert file.seek(5) == 5
        assert file.seek(5, io.SEEK_CUR) == 10
        assert file.read(2) == b"\x0a\x0b"
    assert object_store.requests == ["GET file"]


def test_large_files_are_read_in_stretches_that_grow(object_store, monkeypatch):
    monkeypatch.setattr(google_storage, "LEAST_BYTES", 100)
    monkeypatch.setattr(google_storage, "MOST_BYTES", 1000)
    object_store.put("file", CONTENT)
    with storage.open_file("gs://bucket/file") as file:
        assert b"".join(iter(lambda: file.read(50), b"")) == CONTENT
    assert len(object_store.requests) == 13  # 100 + 200 + 400 + 800 + 9 * 1000, the last in part
    with storage.open_file("gs://bucket/file") as file:
        for at in (9000, 20, 5000):
            file.seek(at)
            assert file.read(30) == CONTENT[at : at + 30]


def test_an_empty_file(object_store):
    object_store.put("file", b"")
    with storage.open_file("gs://bucket/file") as file:
        assert file.read() == b""
        assert file.seek(0, io.SEEK_END) == 0


def test_a_file_that_is_replaced_while_it_is_read_is_no_mix_of_both(object_store, monkeypatch):
    monkeypatch.setattr(google_storage, "LEAST_BYTES", 100)
    object_store.put("file", CONTENT)
    with storage.open_file("gs://bucket/file") as file:
        assert file.read(100) == CONTENT[:100]
        object_store.put("file", CONTENT[::-1])
        with pytest.raises(FileNotFoundError):
            file.read()


def test_files_that_are_not_there(object_store):
    for read in (storage.open_file, lambda path: storage.read_file(path, 10)):
        with pytest.raises(FileNotFoundError):
            read("gs://bucket/none")


@pytest.fixture
def no_pause(monkeypatch):
    """The Google client sleeps seconds before it tries again."""
    monkeypatch.setattr(time, "sleep", lambda _: None)


@pytest.mark.usefixtures("no_pause")
def test_what_goes_wrong_for_a_moment_is_tried_again(object_store):
    object_store.put("file", CONTENT)
    object_store.faults["file"] = [503, CUT, 429]
    assert storage.read_file("gs://bucket/file", len(CONTENT)) == CONTENT
    object_store.faults["data/"] = [503]
    assert list(storage.walk("gs://bucket/data")) == []
    object_store.faults["made"] = [503]
    storage.upload(io.BytesIO(CONTENT), "gs://bucket/made")
    assert object_store.content("made") == CONTENT


@pytest.mark.usefixtures("no_pause")
def test_an_answer_that_breaks_off_is_asked_for_again(object_store):
    object_store.put("file", CONTENT)
    for faults in ([CUT], [CUT, CUT, CUT]):
        object_store.faults["file"] = list(faults)
        with storage.open_file("gs://bucket/file") as file:
            assert file.read() == CONTENT
        object_store.faults["file"] = list(faults)
        assert storage.read_file("gs://bucket/file", len(CONTENT)) == CONTENT


def test_a_bucket_that_is_not_there(object_store):
    def write(path):
        storage.upload(io.BytesIO(b""), path)

    for ask in (storage.exists, storage.names_in, lambda path: list(storage.walk(path)), write):
        with pytest.raises(TransferlineError, match="There is no bucket 'nowhere'") as caught:
            ask("gs://nowhere/data")
        assert caught.value.place.startswith("gs://nowhere/data")


def test_of_many_files_one_in_a_bucket_that_is_not_there_is_missing_as_others_are(object_store):
    """A manifest's row, which is put aside like one whose photo is missing."""
    object_store.put("file", CONTENT)
    stamps = storage.stamps_of(["gs://nowhere/file", "gs://bucket/file", "gs://bucket/none"])
    assert [stamps[0], stamps[2]] == [storage.MISSING] * 2
    assert storage.size_in(stamps[1]) == len(CONTENT)


@pytest.mark.parametrize("address", ["gs://", "gs:///photos", "gs://-photos/cats", "gs://photos-"])
def test_what_can_be_no_bucket_is_no_bucket(object_store, address):
    for ask in (storage.exists, storage.open_file, storage.stamp_of, storage.glob, storage.names_in):
        with pytest.raises(TransferlineError, match="There is no bucket '") as caught:
            ask(address)
        assert caught.value.place.startswith(address)
    assert object_store.requests == []


def test_a_bucket_with_nothing_in_it_is_a_folder(object_store):
    object_store.objects["empty"] = {}
    for address in ("gs://empty", "gs://empty/"):
        assert storage.is_folder(address)
        assert storage.exists(address)
        assert list(storage.walk(address)) == []
    assert not storage.is_folder("gs://empty/photos")


@pytest.mark.parametrize(
    ("status", "cause", "cure"),
    [
        (403, "may not read this in Google Cloud Storage: fault 403", "the role Storage Object Viewer"),
        (401, "asks for credentials that there aren't here: Anonymous", "gcloud auth application-default login"),
        (400, "Google Cloud Storage doesn't take this: fault 400", "Check the address"),
        (409, "didn't answer as it should, however often it was asked: fault 409", "Check the network"),
    ],
)
def test_what_is_wrong_for_every_file_says_what_to_do(object_store, status, cause, cure):
    object_store.put("file", CONTENT)
    for name, ask in (
        ("file", lambda: storage.read_file("gs://bucket/file", 10)),
        ("", lambda: storage.exists("gs://bucket")),
    ):
        object_store.faults[name] = [status]
        with pytest.raises(TransferlineError, match=cause) as caught:
            ask()
        assert cure in caught.value.cure


def test_who_may_not_write_is_told_what_to_ask_for(object_store):
    object_store.faults["file"] = [403]
    with pytest.raises(TransferlineError, match="may not write this") as caught:
        storage.upload(io.BytesIO(b""), "gs://bucket/file")
    assert "Storage Object User" in caught.value.cure


def test_credentials_that_ran_out(object_store, monkeypatch):
    def refuse(*arguments, **options):
        raise RefreshError("the token was revoked")

    monkeypatch.setattr(google_storage._client()._http, "request", refuse)
    with pytest.raises(TransferlineError, match="asks for credentials that there aren't here: the token was revoked"):
        storage.exists("gs://bucket")


def test_without_credentials_what_is_open_to_all_can_be_read(monkeypatch, tmp_path):
    """The metadata server of a machine in Google's cloud isn't asked, since there is none to answer."""
    for name in ("GOOGLE_APPLICATION_CREDENTIALS", "STORAGE_EMULATOR_HOST"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("CLOUDSDK_CONFIG", str(tmp_path))
    monkeypatch.setenv("NO_GCE_CHECK", "true")
    assert google_storage._new_client()._credentials.token is None


def test_threads_that_begin_at_once_share_a_client(object_store, monkeypatch):
    """Each client would look for credentials by itself, which is a request, or seconds where there are none."""
    made = []

    class Slow(google_storage.Client):
        def __init__(self, *arguments, **options):
            made.append(self)
            time.sleep(0.1)
            super().__init__(*arguments, **options)

    monkeypatch.setattr(google_storage, "Client", Slow)
    object_store.put("file", b"x")
    assert set(side_by_side(lambda path: storage.read_file(path, 1), ["gs://bucket/file"] * 40)) == {b"x"}
    assert len(made) == 1


def test_a_large_file_is_sent_in_pieces_that_are_told(object_store, monkeypatch):
    monkeypatch.setattr(google_storage, "UPLOADED_BYTES", 2**18)
    content = CONTENT * 1000
    heard = []
    with progress.heard_by(heard.append):
        storage.upload(io.BytesIO(content), "gs://bucket/large")
    assert object_store.content("large") == content
    assert (heard[-1].done, heard[-1].total, heard[-1].unit) == (len(content), len(content), "bytes")
    assert len(object_store.requests) == 1 + -(-len(content) // 2**18)


@pytest.mark.parametrize("place", ["gs://bucket", "", "file://"])
def test_of_two_that_create_a_file_one_succeeds(object_store, tmp_path, place):
    path = f"{place}/claim" if place.startswith("gs") else f"{place}{tmp_path}/claim"
    assert storage.create(path, b"mine")
    assert not storage.create(path, b"theirs")
    assert storage.read_file(path, 10) == b"mine"
    storage.remove(path)
    storage.remove(path)
    assert not storage.exists(path)


@pytest.mark.parametrize("place", ["gs://bucket", "", "file://"])
def test_what_is_uploaded_replaces_what_was_there(object_store, tmp_path, place):
    path = f"{place}/new/file" if place.startswith("gs") else f"{place}{tmp_path}/new/file"
    for content in (b"first", b"second"):
        storage.upload(io.BytesIO(content), path)
        assert storage.read_file(path, 10) == content
    assert storage.names_in(path.removesuffix("/file")) == ["file"]


CODE = """
import sys
from components.ingest import storage
storage.exists(sys.argv[0])
print([name for name in ("google.cloud.storage", "requests", "tensorflow") if name in sys.modules])
"""


def test_whoever_looks_at_local_files_imports_no_client():
    done = subprocess.run([sys.executable, "-c", CODE], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
