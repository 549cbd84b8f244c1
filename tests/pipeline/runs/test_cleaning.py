from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from components.errors import TransferlineError
from pipeline import catalog
from pipeline.config.overrides import apply_overrides
from pipeline.runs.cleaning import carry_out, plan
from pipeline.runs.lock import LOCK_FILE, held
from pipeline.runs.record import RunRecord, RunStore


@pytest.fixture
def config(tmp_path):
    """A pipeline with eight runs, of which the first alone was pushed, and seven versions."""
    config = apply_overrides(catalog.load("photos"), [f"output_dir={tmp_path}/out"])
    home = Path(config.home)
    for folder in ("logs", "artifacts/Trainer/model/1", *(f"pushed/{number}" for number in range(9, 16))):
        (home / folder).mkdir(parents=True)
    for day in range(1, 9):
        run_id = f"2026010{day}T000000-00001"
        RunStore(config.home).save(RunRecord(run_id=run_id, status="pushed" if day == 1 else "failed"))
        (home / "logs" / f"{run_id}.log").write_text("a line\n")
    (home / "metadata.sqlite").write_text("the metadata")
    (home / "notes.txt").write_text("my own")
    return config


def names(config, folder):
    return sorted((path.name for path in (Path(config.home) / folder).iterdir()), key=lambda name: (len(name), name))


def test_old_runs_and_versions_go_and_what_was_pushed_last_stays(config):
    done = carry_out(plan(config, 3, "old"))
    days = [name[7] for name in names(config, "runs")]
    assert days == ["1", "6", "7", "8"]
    assert [name[7] for name in names(config, "logs")] == days
    assert names(config, "pushed") == ["13", "14", "15"]
    assert (Path(config.artifacts_dir) / "Trainer").is_dir()
    assert done.done
    assert done.freed > 4 * len("a line\n")


def test_a_plan_removes_nothing(config):
    planned = plan(config, 1, "everything")
    assert not planned.done
    assert {Path(size.path).name for size in planned.contents} == {
        "artifacts",
        "logs",
        "metadata.sqlite",
        "notes.txt",
        "pushed",
        "runs",
    }
    assert len(names(config, "runs")) == 8


def test_with_fewer_runs_than_are_kept_nothing_goes(config):
    assert plan(config, 9, "old").removed == ()


def test_the_log_of_a_run_without_a_record_goes_by_its_age(config):
    for day in ("20251231", "20260109"):
        (Path(config.home) / "logs" / f"{day}T000000-00001.log").write_text("")
    carry_out(plan(config, 9, "old"))
    assert "20251231T000000-00001.log" not in names(config, "logs")
    assert "20260109T000000-00001.log" in names(config, "logs")


def test_artifacts_go_with_their_metadata(config):
    carry_out(plan(config, 20, "cache"))
    assert names(config, "") == ["logs", "runs", "pushed", "notes.txt"]


def test_what_is_stored_of_photos_goes_with_the_artifacts(config):
    features = Path(config.features_dir)
    (features / "0123456789abcdef").mkdir(parents=True)
    carry_out(plan(config, 20, "old"))
    assert features.is_dir()
    carry_out(plan(config, 20, "cache"))
    assert not features.exists()


def test_checkpoints_stay_as_long_as_the_next_run_may_go_on_from_them(config):
    checkpoints = Path(config.checkpoints_dir)
    (checkpoints / "0123456789abcdef").mkdir(parents=True)
    carry_out(plan(config, 20, "old"))
    assert checkpoints.is_dir()
    carry_out(plan(config, 20, "cache"))
    assert not checkpoints.exists()
    checkpoints.mkdir()
    RunStore(config.home).save(RunRecord(run_id="20260109T000000-00001", status="pushed"))
    carry_out(plan(config, 20, "old"))
    assert not checkpoints.exists()


def test_half_a_push_goes(config):
    (Path(config.pushed_dir) / ".pushing-16").mkdir()
    carry_out(plan(config, 20, "old"))
    assert ".pushing-16" not in names(config, "pushed")


def test_everything(config):
    carry_out(plan(config, 5, "everything"))
    assert not Path(config.home).exists()
    assert Path(config.output_dir).is_dir()


def test_who_waits_for_the_folder_gets_it_when_all_of_it_is_gone(config):
    for number in range(3_000):
        Path(config.artifacts_dir, str(number)).write_text("")
    with ThreadPoolExecutor(1) as thread:

        def left_when_taken():
            with held(config.home, "run", wait=True):
                return sorted(path.name for path in Path(config.home).iterdir())

        with held(config.home, "clean"):
            waiting = thread.submit(left_when_taken)
            carry_out(plan(config, 5, "everything"))
        assert waiting.result() == [LOCK_FILE]


def test_a_folder_that_no_run_was_kept_in_is_left_alone(tmp_path):
    (tmp_path / "photos" / "cat").mkdir(parents=True)
    config = apply_overrides(catalog.load("photos"), [f"output_dir={tmp_path}"])
    with pytest.raises(TransferlineError, match="no local folder of runs of 'photos'"):
        plan(config, 5, "everything")


def test_nothing_outside_of_the_folder_is_removed(config, tmp_path):
    elsewhere = tmp_path / "elsewhere"
    Path(config.artifacts_dir).rename(elsewhere)
    Path(config.artifacts_dir).symlink_to(elsewhere)
    with pytest.raises(TransferlineError, match="leads out of the pipeline's folder"):
        carry_out(plan(config, 5, "cache"))
    assert Path(config.metadata_path).exists()
    carry_out(plan(config, 5, "everything"))
    assert (elsewhere / "Trainer").is_dir()
