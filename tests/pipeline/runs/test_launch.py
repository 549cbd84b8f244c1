import pytest

from components.errors import TransferlineError
from pipeline import catalog
from pipeline.config.overrides import apply_overrides
from pipeline.config.sources import EmbeddedDigits
from pipeline.data.sources import source_path, with_data
from pipeline.runs import launch


def test_a_given_folder_comes_before_the_environment_and_the_source(monkeypatch, tmp_path):
    monkeypatch.setenv("TRANSFERLINE_DATA_DIR", "/from/environment")
    monkeypatch.chdir(tmp_path)
    digits = catalog.load("digits")
    assert with_data(apply_overrides(digits, ["data.path=given"])).data.path == str(tmp_path / "given")
    assert with_data(digits).data.path == "/from/environment"
    monkeypatch.delenv("TRANSFERLINE_DATA_DIR")
    assert with_data(digits).data.path == str(source_path(EmbeddedDigits()))


def test_an_address_in_the_cloud_is_left_as_it_is():
    config = apply_overrides(catalog.load("photos"), ["data.path=gs://bucket/photos"])
    assert with_data(config).data.path == "gs://bucket/photos"


def test_no_data_says_how_to_give_it(monkeypatch):
    monkeypatch.delenv("TRANSFERLINE_DATA_DIR", raising=False)
    with pytest.raises(TransferlineError, match="has no data of its own") as caught:
        with_data(catalog.load("photos"))
    assert "--data-dir" in caught.value.cure


def test_a_database_that_is_not_there_ends_a_run_at_its_beginning(tmp_path, capfd):
    server = ("engine=postgresql", "host=127.0.0.1", "port=1", "database=runs", "user=me")
    settings = [f"output_dir={tmp_path}", *(f"metadata.{each}" for each in server)]
    record = launch.run(apply_overrides(catalog.load("digits"), settings))
    assert record.status == "failed"
    assert [step.name for step in record.steps] == ["Metadata"]
    assert "can't be reached" in record.error.cause
    assert record.error.place == "postgresql://me@127.0.0.1:1/runs"
    assert "metadata.host" in record.error.cure
    assert "✗ Metadata" in capfd.readouterr().out


def test_dataflow_is_refused_here_since_its_workers_see_no_folder_of_this_machine(tmp_path):
    beam = ("engine=dataflow", "project=pets", "region=r", "temp_location=gs://pets/tmp", "image=a")
    settings = [f"output_dir={tmp_path}", *(f"beam.{each}" for each in beam)]
    with pytest.raises(TransferlineError, match="don't see the folders of this machine"):
        launch.run(apply_overrides(catalog.load("digits"), settings))
    assert list(tmp_path.iterdir()) == []
