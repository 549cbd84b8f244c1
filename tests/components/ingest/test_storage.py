import io
import zipfile

import pytest

from components.errors import TransferlineError
from components.ingest import storage


@pytest.fixture
def remote(fill, tmp_path):
    """A folder that is reached by an address, and so by tf.io.gfile, as gs:// is."""
    fill(tmp_path / "cat", 2)
    fill(tmp_path / "dog" / "more", 1)
    return f"file://{tmp_path}"


def test_walk_tells_the_same_of_remote_and_local_folders(remote, tmp_path):
    def told(folder):
        return {(node.name, node.is_folder, node.stamp.split(":")[0]) for node in storage.walk(folder)}

    assert told(remote) == told(str(tmp_path))
    assert {name for name, _, _ in told(remote)} == {
        "cat",
        "cat/000.jpg",
        "cat/001.jpg",
        "dog",
        "dog/more",
        "dog/more/000.jpg",
    }


def test_a_remote_folder_that_is_missing():
    with pytest.raises(TransferlineError, match="A folder can't be read"):
        list(storage.walk("file:///nowhere/at/all"))


def test_remote_photos(remote, take):
    assert take(remote).labels() == {"cat": 2, "dog": 1}


def test_a_remote_manifest(remote, take, tmp_path):
    (tmp_path / "labels.csv").write_text("path,label\ncat/000.jpg,cat\ncat/gone.jpg,cat\n")
    taken = take(f"{remote}/labels.csv")
    assert taken.quarantined == {"cat/gone.jpg": "manifest row 3: file cat/gone.jpg is missing"}


def test_a_remote_archive(remote, take, tmp_path, encode):
    with zipfile.ZipFile(tmp_path / "photos.zip", "w") as file:
        file.writestr("cat/a.jpg", encode())
    assert take(f"{remote}/photos.zip").labels() == {"cat": 1}


def test_remote_files_can_seek(tmp_path):
    (tmp_path / "file").write_bytes(bytes(range(100)))
    with storage.open_file(f"file://{tmp_path}/file") as file:
        assert file.seek(-10, io.SEEK_END) == 90
        assert file.read() == bytes(range(90, 100))
        assert file.seek(5) == 5
        assert file.seek(5, io.SEEK_CUR) == 10
        assert file.read(2) == b"\x0a\x0b"


def test_missing_remote_files_raise_what_missing_local_files_raise():
    with pytest.raises(FileNotFoundError):
        storage.open_file("file:///nowhere/at/all")


@pytest.mark.parametrize("prefix", ["", "file://"])
def test_stamps(tmp_path, prefix):
    (tmp_path / "file").write_bytes(b"12345")
    assert storage.stamp_of(f"{prefix}{tmp_path}/file").startswith("5:")
    assert storage.stamp_of(f"{prefix}{tmp_path}/none") == "missing"


def test_join():
    assert storage.join("/data", "cat/a.jpg") == "/data/cat/a.jpg"
    assert storage.join("gs://bucket/data", "cat/a.jpg") == "gs://bucket/data/cat/a.jpg"
    assert storage.join("/data", "gs://bucket/a.jpg") == "gs://bucket/a.jpg"
