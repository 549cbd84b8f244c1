import json
import os
import shutil
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timezone
from pathlib import Path
from threading import Event

import old_home
import pytest
from nobody import as_nobody, open_folder

from components.errors import TransferlineError
from components.pusher.versions import versions
from pipeline import catalog
from pipeline.config.overrides import apply_overrides
from pipeline.metadata.connection import mark_deleted, opened
from pipeline.metadata.history import read_history
from pipeline.metadata.lineage import lineage
from pipeline.runs import cleaning
from pipeline.runs.cleaning import plan
from pipeline.runs.lock import LOCK_FILE, held
from pipeline.runs.record import RunRecord, RunStore
from pipeline.runs.rollback import roll_back


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
    with opened(config):
        pass
    (home / "notes.txt").write_text("my own")
    return config


def carry_out(config, keep, scope):
    planned = cleaning.plan(config, keep, scope)
    return cleaning.carry_out(planned, lambda: mark_deleted(config, planned.forgotten))


def names(config, folder):
    return sorted((path.name for path in (Path(config.home) / folder).iterdir()), key=lambda name: (len(name), name))


def test_old_runs_and_versions_go_and_what_was_pushed_last_stays(config):
    done = carry_out(config, 3, "old")
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
    carry_out(config, 9, "old")
    assert "20251231T000000-00001.log" not in names(config, "logs")
    assert "20260109T000000-00001.log" in names(config, "logs")


def test_artifacts_go_with_their_metadata(config):
    carry_out(config, 20, "cache")
    assert names(config, "") == ["logs", "runs", "pushed", "notes.txt"]


def test_what_is_stored_of_photos_goes_with_the_artifacts(config):
    features = Path(config.features_dir)
    (features / "0123456789abcdef").mkdir(parents=True)
    carry_out(config, 20, "old")
    assert features.is_dir()
    carry_out(config, 20, "cache")
    assert not features.exists()


def test_checkpoints_stay_as_long_as_the_next_run_may_go_on_from_them(config):
    checkpoints = Path(config.checkpoints_dir)
    (checkpoints / "0123456789abcdef").mkdir(parents=True)
    carry_out(config, 20, "old")
    assert checkpoints.is_dir()
    carry_out(config, 20, "cache")
    assert not checkpoints.exists()
    (checkpoints / "0123456789abcdef").mkdir(parents=True)
    # A run of other settings took none of what the interrupted one left.
    RunStore(config.home).save(RunRecord(run_id="20980109T000000-00001", status="pushed"))
    carry_out(config, 20, "old")
    assert any(checkpoints.iterdir())
    carry_out(config, 1, "old")
    assert not any(checkpoints.iterdir())


def test_what_trainings_left_that_were_last_at_work_before_the_runs_that_stay_goes(config):
    for folder in (config.checkpoints_dir, config.features_dir):
        for name, day in (("old", 5), ("new", 7)):
            (Path(folder) / name).mkdir(parents=True)
            for path in (Path(folder) / name / "tensor.json", Path(folder) / name):
                path.touch()
                time = datetime(2026, 1, day, 12, tzinfo=timezone.utc).timestamp()
                os.utime(path, (time, time))
    carry_out(config, 3, "old")
    assert names(config, "checkpoints") == ["new"]
    assert names(config, "features") == ["new"]


def test_what_it_frees_is_told_by_kind(config):
    planned = cleaning.plan(config, 3, "old")
    kinds = {kind.name: kind for kind in planned.kinds}
    assert kinds["logs"].freed == 4 * len("a line\n")
    assert kinds["logs"].bytes == 8 * len("a line\n")
    assert kinds["notes.txt"].freed == 0
    assert sum(kind.freed for kind in planned.kinds) == planned.freed
    assert all(kind.freed == kind.bytes > 0 for kind in cleaning.plan(config, 3, "everything").kinds if kind.bytes)


@pytest.mark.parametrize("scope", ["old", "cache", "everything"])
def test_what_a_run_removes_meanwhile_is_passed_over(config, scope):
    """A run may begin while it is looked at what there is."""
    ended = Event()

    def at_work():
        while not ended.is_set():
            for folder in (Path(config.home), Path(config.artifacts_dir), Path(config.checkpoints_dir, "1")):
                (folder / "beam-temp" / "part").mkdir(parents=True)
                (folder / "beam-temp" / "part" / "records").touch()
            for folder in (Path(config.home), Path(config.artifacts_dir), Path(config.checkpoints_dir)):
                for path in [*folder.glob("beam-temp"), *folder.glob("1")]:
                    shutil.rmtree(path)

    with ThreadPoolExecutor(1) as thread:
        working = thread.submit(at_work)
        try:
            planned = [plan(config, 3, scope) for _ in range(100)]
        finally:
            ended.set()
        working.result()
    assert not any(each.done for each in planned)


def test_half_a_push_goes(config):
    (Path(config.pushed_dir) / ".pushing-16").mkdir()
    carry_out(config, 20, "old")
    assert ".pushing-16" not in names(config, "pushed")


@pytest.mark.parametrize("scope", ["old", "everything"])
def test_no_half_version_is_left_where_its_removal_is_interrupted(scope):
    with open_folder() as folder:
        folder.chmod(0o777)
        config = apply_overrides(catalog.load("photos"), [f"output_dir={folder}/out"])
        with as_nobody():
            RunStore(config.home).save(RunRecord(run_id="20260101T000000-00001", status="failed"))
            for version in (1, 2):
                variables = Path(config.pushed_dir, str(version), "variables")
                variables.mkdir(parents=True)
                (variables / "variables.index").touch()
            Path(config.pushed_dir, "1", "variables").chmod(0o555)  # nothing in it can be removed
        planned = plan(config, 1, scope)
        with as_nobody(), pytest.raises(PermissionError):
            cleaning.carry_out(planned, lambda: None)
        assert versions(config.pushed_dir) == [2]
        Path(config.pushed_dir, ".pushing-1", "variables").chmod(0o755)
        carry_out(config, 1, scope)
        assert not list(Path(config.output_dir).rglob(".pushing-*"))


def test_everything(config):
    carry_out(config, 5, "everything")
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
            carry_out(config, 5, "everything")
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
        carry_out(config, 5, "cache")
    assert Path(config.metadata_path).exists()
    carry_out(config, 5, "everything")
    assert (elsewhere / "Trainer").is_dir()


def live(config):
    """Numbers of the artifacts that the cache may still answer with, and whose folders are there."""
    history = read_history(config)
    artifacts = {each.number: each for execution in history.executions for each in execution.artifacts}
    there = {number for number, each in artifacts.items() if Path(each.uri).exists()}
    assert there == {number for number, each in artifacts.items() if not each.deleted}
    return there


def used_by(config, *runs):
    executions = read_history(config).executions
    return {each.number for execution in executions if execution.run_id in runs for each in execution.artifacts}


def test_artifacts_stay_as_long_as_a_run_that_is_kept_made_or_used_them(old_pipeline):
    Path(old_pipeline.artifacts_dir, "Trainer/.system/executor_execution/8/.temp").mkdir(parents=True)
    planned = cleaning.plan(old_pipeline, 1, "old")
    done = carry_out(old_pipeline, 1, "old")
    # The last run's, of which most came from the cache, and the model that it was compared with.
    assert live(old_pipeline) == used_by(old_pipeline, old_home.RUNS[-1])
    assert {1, 8, 12, 20, 25} < live(old_pipeline)
    assert names(old_pipeline, "pushed") == [old_home.PUSHED[-1]]
    assert [path.removesuffix(".json") for path in names(old_pipeline, "runs")] == [old_home.RUNS[-1]]
    assert not any(Path(old_pipeline.artifacts_dir).glob("*/.system/*/*"))
    (artifacts,) = [kind for kind in planned.kinds if kind.name == "artifacts"]
    left = sum(file.stat().st_size for file in Path(old_pipeline.artifacts_dir).rglob("*") if file.is_file())
    assert artifacts.bytes - artifacts.freed == left
    assert done.removed == planned.removed
    assert cleaning.plan(old_pipeline, 1, "old").removed == ()


def test_the_lineage_says_what_was_removed(old_pipeline):
    carry_out(old_pipeline, 1, "old")
    history = read_history(old_pipeline)
    # Of the earlier model, the baseline of the last, only what it was evaluated and pushed as went.
    details = {origin.name: origin.details for origin in lineage(history, old_home.PUSHED[0])}
    assert details["Pusher: pushed_model"] == "removed by `transferline clean`"
    assert details["Trainer: model"] == ""
    assert not any("removed" in origin.details for origin in lineage(history, old_home.PUSHED[1]))


def test_an_interrupted_clean_is_brought_to_its_end_by_the_next(old_pipeline):
    planned = cleaning.plan(old_pipeline, 1, "old")
    mark_deleted(old_pipeline, planned.forgotten)
    carry_out(old_pipeline, 1, "old")
    assert live(old_pipeline) == used_by(old_pipeline, old_home.RUNS[-1])


def test_the_run_whose_model_is_served_after_a_rollback_stays_with_all_it_needs(old_pipeline):
    rolled_back = roll_back(old_pipeline, old_home.PUSHED[0])
    carry_out(old_pipeline, 1, "old")
    assert live(old_pipeline) == used_by(old_pipeline, *old_home.RUNS[1:])
    assert [path.removesuffix(".json") for path in names(old_pipeline, "runs")] == list(old_home.RUNS[1:])
    # The newest, and that of the newest run.
    assert names(old_pipeline, "pushed") == [old_home.PUSHED[-1], str(rolled_back.pushed_as)]


def test_the_last_blessed_model_stays_where_no_version_of_it_does(old_pipeline):
    shutil.rmtree(old_pipeline.pushed_dir)
    for number in range(2):
        RunStore(old_pipeline.home).save(RunRecord(run_id=f"2026112{6 + number}T000000-00001", status="failed"))
    for file in Path(old_pipeline.home, "runs").glob("20261125*"):
        file.unlink()
    carry_out(old_pipeline, 2, "old")
    assert live(old_pipeline) == used_by(old_pipeline, old_home.RUNS[-1])


def test_a_folder_that_was_moved_keeps_what_the_metadata_have_elsewhere(old_pipeline, tmp_path):
    moved = old_pipeline.model_copy(update={"output_dir": str(tmp_path / "moved")})
    Path(old_pipeline.output_dir).rename(moved.output_dir)
    assert cleaning.plan(moved, 1, "old").forgotten == ()


def test_what_is_stored_of_photos_stays_as_long_as_a_run_that_is_kept_was_trained_on_it(old_pipeline):
    features = Path(old_pipeline.features_dir)
    for name, run in (("used", 20), ("unused", 8)):
        (features / name).mkdir(parents=True)
        os.utime(features / name, (0, 0))
        model_run = Path(old_pipeline.artifacts_dir, "Trainer/model_run", str(run))
        (model_run / "features.json").write_text(json.dumps([str(features / name)]))
    carry_out(old_pipeline, 1, "old")
    assert names(old_pipeline, "features") == ["used"]
