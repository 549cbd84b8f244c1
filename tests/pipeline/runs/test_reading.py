"""How rows are read that a pushed model is asked."""

import shutil
from pathlib import Path

import pytest

from pipeline import catalog
from pipeline.config.overrides import apply_overrides
from pipeline.runs.reading import as_trained
from pipeline.runs.record import RunRecord, RunStore
from pipeline.runs.rollback import roll_back

TRAINED = ['data.missing=["", "-999"]', "data.decimal=,", "data.split.seed=3"]


@pytest.fixture
def config(tmp_path):
    return apply_overrides(catalog.load("higgs_toy"), [f"output_dir={tmp_path}"])


@pytest.fixture
def push(config):
    def push(version, *settings, **record):
        folder = Path(config.pushed_dir) / str(version)
        folder.mkdir(parents=True)
        (folder / "saved_model.pb").write_text(str(version))
        settled = {
            "config": apply_overrides(config, settings).model_dump(mode="json"),
            "model_uri": str(folder),
        } | record
        RunStore(config.home).save(RunRecord(run_id=f"2026010{version}T000000-1", status="pushed", **settled))
        return str(folder)

    return push


def read(config, folder, *settings):
    """Returns what is said, and the settings of the data."""
    said = []
    config = apply_overrides(config, settings)
    return said, as_trained(config, folder, lambda trained: apply_overrides(trained, settings), said.append).data


def test_rows_are_read_as_the_run_of_the_model_did_and_what_the_pipeline_has_otherwise_is_said(config, push):
    folder = push(1, *TRAINED)
    said, data = read(config, folder)
    assert (data.missing, data.decimal) == (("", "-999"), ",")
    assert data.split == config.data.split
    assert said == [
        "Rows are read as the model's run read its own, and not as the pipeline would now: "
        'by data.decimal=",", data.missing=["", "-999"].'
    ]
    assert read(config, push(2)) == ([], config.data)


def test_what_is_given_goes_before(config, push):
    folder = push(1, *TRAINED)
    said, data = read(config, folder, "data.decimal=.")
    assert (data.missing, data.decimal) == (("", "-999"), ".")
    assert "data.missing" in said[0]
    assert "data.decimal" not in said[0]
    assert read(config, folder, *TRAINED) == ([], apply_overrides(config, TRAINED).data)


def test_a_copy_of_a_version_is_read_as_that_version(config, push):
    push(1, *TRAINED)
    push(2)
    copy = roll_back(config, "1").pushed_as
    assert read(config, f"{config.pushed_dir}/{copy}")[1].missing == ("", "-999")
    assert read(config, f"{config.pushed_dir}/2")[1].missing == ("",)


@pytest.mark.parametrize("record", [{"config": {}}, {"config": {"data": {"missing": 3}}}, {"model_uri": "/gone/5"}])
def test_where_no_run_says_it_the_pipeline_does(config, push, record):
    assert read(config, push(1, *TRAINED, **record)) == ([], config.data)


def test_without_records_and_of_photos_nothing_changes(config, push, tmp_path):
    folder = push(1, *TRAINED)
    shutil.rmtree(f"{config.home}/runs")
    assert read(config, folder) == ([], config.data)
    remote = config.model_copy(update={"output_dir": "gs://bucket/out"})
    assert read(remote, "gs://bucket/out/higgs_toy/pushed/1") == ([], config.data)
    photos = catalog.load("photos")
    assert read(photos, f"{tmp_path}/1") == ([], photos.data)
