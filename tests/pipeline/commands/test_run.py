import json
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from typer.testing import CliRunner

from pipeline.cli import app
from pipeline.commands.options import configured
from pipeline.data.sources import with_data
from pipeline.runs.record import RunRecord, RunStore
from pipeline.runs.state import state_of


@pytest.fixture
def pushed(tmp_path):
    """A folder with a run that was pushed, and the options with which nothing has changed since."""
    (tmp_path / "photos" / "cat").mkdir(parents=True)
    options = {"data_dir": str(tmp_path / "photos"), "output_dir": str(tmp_path / "out")}
    config = configured("photos", **options)
    model = Path(config.pushed_dir) / "7"
    model.mkdir(parents=True)
    with closing(sqlite3.connect(config.metadata_path)) as database:
        database.execute("CREATE TABLE another (number INTEGER)")
    page = tmp_path / "page.html"
    page.touch()
    digest = state_of(with_data(config)).digest
    record = RunRecord(
        run_id="20260101T000000-00001", status="pushed", model_uri=str(model), state=digest, report=str(page)
    )
    RunStore(config.home).save(record)
    return [f"--{name.replace('_', '-')}={value}" for name, value in options.items()]


def test_nothing_changed_is_said_without_tfx_and_without_a_new_run(pushed, tmp_path):
    command = [sys.executable, "-X", "importtime", "-m", "pipeline", "run", "photos", *pushed]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout == (
        "photos: nothing changed since run 20260101T000000-00001 (pushed): "
        f"{tmp_path}/out/photos/pushed/7. Use --force to run anyway.\n"
    )
    imported = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines()}
    assert "pydantic" in imported
    assert not imported & {"tfx", "tensorflow"}
    assert [path.name for path in (tmp_path / "out" / "photos" / "runs").iterdir()] == ["20260101T000000-00001.json"]


def test_nothing_changed_as_json_is_the_earlier_runs_record(pushed, tmp_path):
    done = CliRunner().invoke(app, ["run", "photos", *pushed, "--json"])
    assert done.exit_code == 0
    (listed,) = json.loads(CliRunner().invoke(app, ["runs", "photos", pushed[1], "--json"]).stdout)
    assert json.loads(done.stdout) == {"unchanged": True, **listed}
    assert done.stderr.startswith("photos: nothing changed since run 20260101T000000-00001 (pushed): ")


def test_a_report_that_still_cannot_be_drawn_is_told_beside_that_nothing_changed(pushed, tmp_path):
    (tmp_path / "page.html").unlink()
    done = CliRunner().invoke(app, ["run", "photos", *pushed])
    assert done.exit_code == 0
    assert done.stdout.startswith("photos: nothing changed since run 20260101T000000-00001 (pushed): ")
    assert done.stderr.startswith("transferline: the report couldn't be drawn: ML Metadata can't be opened: ")


def run_without_data(tmp_path, *options):
    """Runs the command in a process of its own; this run fails at its first step."""
    place = [f"--data-dir={tmp_path / 'absent'}", f"--output-dir={tmp_path / 'out'}"]
    command = [sys.executable, "-m", "pipeline", "run", "photos", *place, *options]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    (record,) = RunStore(str(tmp_path / "out" / "photos")).runs()
    return done, record


def test_json_is_the_runs_record_alone_and_its_steps_are_on_stderr(tmp_path):
    done, record = run_without_data(tmp_path, "--json")
    found = json.loads(done.stdout)
    assert (found["unchanged"], found["run_id"], found["status"]) == (False, record.run_id, "failed")
    assert found["error"] == record.error.model_dump()
    assert [step["name"] for step in found["steps"]] == ["Data"]
    shown = done.stderr.splitlines()
    assert shown[0] == f"photos → {tmp_path}/out/photos"
    assert shown[1].startswith(" ✗ Data ")
    assert f"place: {tmp_path}/absent" in shown


def test_quiet_shows_only_how_it_ended(tmp_path):
    done, record = run_without_data(tmp_path, "--quiet")
    assert done.stderr == ""
    first, second, *error = done.stdout.splitlines()
    assert first == f"Log:    {record.log}"
    assert second.startswith("failed in ")
    assert [line.split(":")[0] for line in error] == ["cause", "place", "cure"]


def test_quiet_and_json_leave_the_end_to_stderr(tmp_path):
    done, record = run_without_data(tmp_path, "--quiet", "--json")
    assert json.loads(done.stdout)["run_id"] == record.run_id
    assert done.stderr.splitlines()[0] == f"Log:    {record.log}"
