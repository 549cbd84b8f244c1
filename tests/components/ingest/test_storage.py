import io

import pytest

from components.errors import TransferlineError
from components.ingest import storage


def test_a_remote_folder_that_is_missing():
    with pytest.raises(TransferlineError, match="A folder can't be read"):
        list(storage.walk("file:///nowhere/at/all"))


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
