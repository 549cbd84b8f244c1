import pytest

from components.errors import TransferlineError
from pipeline import registry
from pipeline.data_sources import EmbeddedDigits, source_path
from pipeline.launch import with_data
from pipeline.overrides import apply_overrides


def test_a_given_folder_comes_before_the_environment_and_the_source(monkeypatch, tmp_path):
    monkeypatch.setenv("TRANSFERLINE_DATA_DIR", "/from/environment")
    monkeypatch.chdir(tmp_path)
    digits = registry.load("digits")
    assert with_data(apply_overrides(digits, ["data.path=given"])).data.path == str(tmp_path / "given")
    assert with_data(digits).data.path == "/from/environment"
    monkeypatch.delenv("TRANSFERLINE_DATA_DIR")
    assert with_data(digits).data.path == str(source_path(EmbeddedDigits()))


def test_an_address_in_the_cloud_is_left_as_it_is():
    config = apply_overrides(registry.load("photos"), ["data.path=gs://bucket/photos"])
    assert with_data(config).data.path == "gs://bucket/photos"


def test_no_data_says_how_to_give_it(monkeypatch):
    monkeypatch.delenv("TRANSFERLINE_DATA_DIR", raising=False)
    with pytest.raises(TransferlineError, match="has no data of its own") as caught:
        with_data(registry.load("photos"))
    assert "--data-dir" in caught.value.cure
