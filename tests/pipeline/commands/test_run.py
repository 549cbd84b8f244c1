import subprocess
import sys
from pathlib import Path

import pytest

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
    Path(config.metadata_path).touch()
    record = RunRecord(
        run_id="20260101T000000-00001", status="pushed", model_uri=str(model), state=state_of(with_data(config)).digest
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
