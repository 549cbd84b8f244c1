"""What an interruption leaves, and what the next run makes of it."""

from pathlib import Path

import pytest
from servers import PASSWORD, needs_postgresql, postgresql
from small_steps import Writes, chain, run_steps

from components.ingest.record_files import TEMPORARY, shard_name
from components.partial import partial_folder
from pipeline import catalog
from pipeline.config.metadata import PASSWORD_VARIABLE
from pipeline.config.overrides import apply_overrides
from pipeline.metadata.connection import opened
from pipeline.runs.record import RunRecord, RunStore
from pipeline.runs.tidying import tidy_executions, tidy_files


@pytest.fixture
def config(tmp_path, monkeypatch):
    monkeypatch.setenv("TRANSFERLINE_CACHE", str(tmp_path / "cache"))
    return apply_overrides(catalog.load("photos"), [f"output_dir={tmp_path / 'out'}"])


def interrupt(config, run_id):
    """Interrupts a run in its second step, and closes its record as its parent does."""
    with pytest.raises(KeyboardInterrupt):
        run_steps(config, run_id, *chain("interrupted"))
    record = RunStore(config.home).find(run_id)
    RunStore(config.home).save(record.model_copy(update={"status": "failed"}))


def states(config):
    with opened(config, read_only=True) as store:
        return [type(each).State.Name(each.last_known_state) for each in store.get_executions()]


def all_below(folder):
    return {str(path.relative_to(folder)) for path in Path(folder).rglob("*")}


def test_what_was_running_is_closed_as_failed_and_what_it_wrote_is_gone(config):
    run_steps(config, "run1", Writes(text="interrupted"))
    before = all_below(config.artifacts_dir)
    interrupt(config, "run2")
    assert states(config) == ["COMPLETE", "CACHED", "RUNNING"]
    assert any(path.endswith("half") for path in all_below(config.artifacts_dir))
    said = list(tidy_executions(config, "run3"))
    assert said[0] == "execution 3 of Reads in the run run2"
    assert str(Path(config.artifacts_dir, "Reads", "copy", "3")) in said
    assert states(config) == ["COMPLETE", "CACHED", "FAILED"]
    left = {path for path in all_below(config.artifacts_dir) - before if Path(config.artifacts_dir, path).is_file()}
    assert left == set()
    assert not list(Path(config.artifacts_dir).rglob("*/3"))
    assert list(tidy_executions(config, "run3")) == []


def test_a_run_that_begins_and_those_before_one_that_ended_are_left_alone(config):
    interrupt(config, "run1")
    assert list(tidy_executions(config, "run1")) == []
    RunStore(config.home).save(RunRecord(run_id="run2", status="not_blessed"))
    assert list(tidy_executions(config, "run3")) == []
    assert states(config) == ["COMPLETE", "RUNNING"]


def test_a_first_run_has_nothing_to_tidy(config):
    RunStore(config.home).save(RunRecord(run_id="run1", status="failed"))
    assert tidy_files(config) == []
    assert list(tidy_executions(config, "run2")) == []
    assert not Path(config.metadata_path).exists()


@needs_postgresql
def test_of_a_shared_database_only_what_this_folder_ran_is_closed(config, tmp_path, monkeypatch):
    monkeypatch.setenv(PASSWORD_VARIABLE, PASSWORD)
    with postgresql() as server:
        server.create_database("shared")
        one = apply_overrides(config, server.settings("shared"))
        others = [f"output_dir={tmp_path / 'elsewhere'}"], ["name=another"]
        for number, changed in enumerate([one, *(apply_overrides(one, each) for each in others)]):
            interrupt(changed, f"run{number}")
        assert states(one) == ["COMPLETE", "RUNNING", "CACHED", "RUNNING", "COMPLETE", "RUNNING"]
        first, *_ = list(tidy_executions(one, "run9"))
        assert first == "execution 2 of Reads in the run run0"
        assert states(one) == ["COMPLETE", "FAILED", "CACHED", "RUNNING", "COMPLETE", "RUNNING"]


def test_half_files_and_half_pushes_go_and_what_others_are_making_stays(config, tmp_path):
    home, output_dir, cache = Path(config.home), Path(config.output_dir), tmp_path / "cache"
    with partial_folder_in(cache / "data") as made:
        going = [
            home / "pipeline.json.0123abcd.partial",
            home / "runs" / "a.json.0123abcd.partial",
            home / "reports" / "index.html.0123abcd.partial",
            output_dir / "index.html.0123abcd.partial",
            home / "pushed" / ".pushing-abc" / "model" / "saved_model.pb",
            cache / "weights" / (dead_like(made)) / "weights.h5",
        ]
        staying = [
            home / "runs" / "a.json",
            home / "pushed" / "7" / "saved_model.pb",
            output_dir / "mine.partial",
            made / "rows.csv",
        ]
        for path in (*going, *staying):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch()
        removed = tidy_files(config)
        assert len(removed) == len(going)
        assert [path for path in going if path.exists()] == []
        assert [path for path in staying if not path.exists()] == []
        assert str(going[0]) in removed


def partial_folder_in(folder):
    folder.mkdir(parents=True)
    return partial_folder(folder)


def dead_like(folder):
    """The name of a folder that another process of this machine would have made."""
    return f"{folder.name[:-4]}dead"


def test_temporary_folders_of_workers_go_and_records_stay(config):
    split = Path(config.artifacts_dir) / "CsvExampleGen" / "examples" / "1" / "Split-train"
    temporary = split / f"{TEMPORARY}data_tfrecord-0a1b"
    temporary.mkdir(parents=True)
    (temporary / "0a1b.data_tfrecord.gz").write_bytes(b"half a file")
    (split / shard_name(0, 1)).write_bytes(b"records")
    assert tidy_files(config) == [str(temporary)]
    assert [path.name for path in split.iterdir()] == [shard_name(0, 1)]
