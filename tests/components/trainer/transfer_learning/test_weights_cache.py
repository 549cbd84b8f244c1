from pathlib import Path

import pytest

from components.cache_folder import CACHE_VARIABLE, cache_folder
from components.trainer.transfer_learning.weights_cache import cached, sha256_of, store


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv(CACHE_VARIABLE, str(tmp_path / "cache"))


def test_the_cache_is_where_the_variable_says(monkeypatch, tmp_path):
    assert cache_folder() == tmp_path / "cache"
    monkeypatch.delenv(CACHE_VARIABLE)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    assert cache_folder() == tmp_path / "xdg" / "transferline"
    monkeypatch.delenv("XDG_CACHE_HOME")
    assert cache_folder() == Path.home() / ".cache" / "transferline"


def test_what_is_stored_is_found_and_named_by_its_content():
    path = store("weights", lambda target: target.write_bytes(b"abc"))

    assert cached("weights") == path
    assert cached("other") is None
    assert sha256_of(path) in path.name
    assert [p.name for p in path.parent.iterdir()] == [path.name]


def test_a_damaged_file_is_not_used_again():
    path = store("weights", lambda target: target.write_bytes(b"abc"))
    path.write_bytes(b"abd")

    assert cached("weights") is None
    assert not path.exists()


def test_a_failed_write_leaves_nothing(tmp_path):
    def fail(target):
        target.write_bytes(b"half")
        raise OSError("no network")

    with pytest.raises(OSError, match="no network"):
        store("weights", fail)
    assert list((tmp_path / "cache" / "weights").iterdir()) == []
