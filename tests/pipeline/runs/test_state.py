import os
from pathlib import Path

import pytest

from components.errors import TransferlineError
from components.outcome import Step
from pipeline import catalog
from pipeline.config.overrides import apply_overrides
from pipeline.data.sources import with_data
from pipeline.runs import launch
from pipeline.runs import state as run_state
from pipeline.runs.record import RunRecord, RunStore
from pipeline.runs.state import State


@pytest.fixture
def photos(tmp_path):
    """A pipeline whose data is one photo, which no one reads."""
    (tmp_path / "data" / "cat").mkdir(parents=True)
    (tmp_path / "data" / "cat" / "a.png").write_bytes(b"a photo")
    return apply_overrides(
        catalog.load("photos"), [f"data.path={tmp_path}/data", f"output_dir={tmp_path}/out", "trainer.weights=None"]
    )


@pytest.fixture
def pushed(photos):
    """The record of a run of it that was pushed, and all that it left."""
    home = Path(photos.home)
    model, artifact = home / "pushed" / "7", home / "artifacts" / "Trainer" / "model" / "3"
    for folder in (model, artifact):
        folder.mkdir(parents=True)
    Path(photos.metadata_path).touch()
    step = Step(name="Trainer", seconds=1, cached=False, artifacts=(str(artifact),))
    state = run_state.state_of(with_data(photos)).digest
    record = RunRecord(
        run_id="20260101T000000-00001", status="pushed", steps=(step,), model_uri=str(model), state=state
    )
    RunStore(photos.home).save(record)
    return record


def test_nothing_changed(photos, pushed):
    assert launch.unchanged_run(photos)[0] == pushed


def test_a_later_run_that_was_not_pushed_changes_nothing(photos, pushed):
    RunStore(photos.home).save(RunRecord(run_id="20260102T000000-00001", status="not_blessed", state="other"))
    assert launch.unchanged_run(photos)[0] == pushed


def add_photo(config):
    (Path(config.data.path) / "cat" / "b.png").write_bytes(b"another")


def change_photo(config):
    photo = Path(config.data.path) / "cat" / "a.png"
    times = photo.stat()
    photo.write_bytes(b"A photo")  # as many bytes
    os.utime(photo, ns=(times.st_atime_ns, times.st_mtime_ns + 1))


def remove_data(config):
    Path(config.data.path).rename(f"{config.data.path}-elsewhere")


def remove_push(config):
    (Path(config.pushed_dir) / "7").rmdir()


def push_another(config):
    (Path(config.pushed_dir) / "8").mkdir()


def remove_artifact(config):
    (Path(config.artifacts_dir) / "Trainer" / "model" / "3").rmdir()


def remove_metadata(config):
    Path(config.metadata_path).unlink()


@pytest.mark.parametrize(
    "change", [add_photo, change_photo, remove_data, remove_push, push_another, remove_artifact, remove_metadata]
)
def test_what_is_a_change(photos, pushed, change):
    change(photos)
    assert launch.unchanged_run(photos)[0] is None


@pytest.mark.parametrize("setting", ["trainer.seed=1", "evaluation.slices=[]"])
def test_a_setting_is_a_change(photos, pushed, setting):
    assert launch.unchanged_run(apply_overrides(photos, [setting]))[0] is None


def test_a_file_of_weights_is_part_of_the_state(photos, tmp_path):
    weights = tmp_path / "weights.h5"
    weights.write_bytes(b"one")
    config = apply_overrides(photos, [f"trainer.weights={weights}"])
    before = run_state.state_of(config)
    assert run_state.state_of(config) == before
    weights.write_bytes(b"two")
    assert run_state.state_of(config) != before


def test_a_curated_schema_of_ones_own_is_part_of_the_state(photos, tmp_path):
    schema = tmp_path / "own.pbtxt"
    schema.write_text("# one\n")
    config = apply_overrides(photos, [f"curated_schema={schema}"])
    before = run_state.state_of(config)
    assert run_state.state_of(config) == before
    schema.write_text("# two\n")
    assert run_state.state_of(config) != before


def test_our_source_and_the_libraries_are_part_of_the_state(photos, monkeypatch, tmp_path):
    before = run_state.state_of(photos)
    for name in ("components", "pipeline", "schemas"):
        (tmp_path / "source" / name).mkdir(parents=True)
    monkeypatch.setattr(run_state, "SCHEMAS", tmp_path / "source" / "schemas")
    other_source = run_state.state_of(photos)
    assert other_source != before
    (tmp_path / "source" / "schemas" / "new.pbtxt").write_text("feature {}")
    assert run_state.state_of(photos) != other_source
    monkeypatch.undo()
    monkeypatch.setattr(run_state, "library_versions", lambda: "tfx==0\n")
    assert run_state.state_of(photos) not in (before, other_source)


@pytest.mark.parametrize("setting", ["data.path=gs://bucket/photos", "trainer.weights=gs://bucket/weights.h5"])
def test_what_is_remote_has_no_state(photos, setting):
    assert run_state.state_of(apply_overrides(photos, [setting])) == State()


def test_no_data_is_an_error(photos):
    remove_data(photos)
    with pytest.raises(TransferlineError, match="There is no such file or folder"):
        run_state.state_of(photos)


def test_a_pipeline_that_never_ran(photos):
    assert launch.unchanged_run(photos) == (None, None)
