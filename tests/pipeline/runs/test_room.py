"""What a run says and keeps of a disk that is full; each is a real one."""

import os
import sys
from pathlib import Path

import pytest
from small_disk import small_disk

from components.errors import TransferlineError
from components.outcome import Failure
from pipeline import catalog
from pipeline.config.overrides import apply_overrides
from pipeline.runs.parent import CHILD
from pipeline.runs.record import RunRecord, RunStore
from pipeline.runs.room import RESERVE, folders_of, kept_for_the_record, let_go, writes_for

RUNNING = RunRecord(run_id="20260101T000000-00001", status="running")
FAILED = RUNNING.model_copy(update={"status": "failed", "error": Failure(cause="No.", place="here", cure="None.")})


@pytest.fixture
def disk(tmp_path):
    (tmp_path / "disk").mkdir()
    with small_disk(tmp_path / "disk", "size=512k") as found:
        yield found


def test_the_last_record_has_the_room_that_was_kept_for_it(disk):
    home = str(disk.path / "home")
    store = RunStore(home)
    with kept_for_the_record(home):
        store.save(RUNNING)
        disk.fill()
        with pytest.raises(OSError, match="No space left"):
            store.save(RUNNING.model_copy(update={"log": "x"}))
        assert store.find(RUNNING.run_id) == RUNNING
        store.save(FAILED)
        assert store.find(RUNNING.run_id) == FAILED
        assert os.listdir(disk.path / "home" / "runs") == [f"{RUNNING.run_id}.json"]
    assert not let_go(home)


def test_what_was_kept_goes_with_the_run_and_with_one_that_was_killed(disk):
    home = str(disk.path / "home")
    reserve = disk.path / "home" / RESERVE
    reserve.parent.mkdir(parents=True)
    reserve.write_bytes(b"of a killed run")
    with kept_for_the_record(home):
        assert reserve.stat().st_blocks * 512 >= 256 * 1024
    assert not reserve.exists()


def test_a_run_without_room_for_its_record_does_not_begin(disk):
    home = str(disk.path / "home")
    disk.fill(but=100 * 1024)
    refusal = pytest.raises(TransferlineError, match="The disk is full")
    with refusal as refused, writes_for(home), kept_for_the_record(home):
        pytest.fail("it began")
    assert refused.value.cure.startswith("Make room there with `transferline clean`")
    assert not (disk.path / "home" / RESERVE).exists()


def test_other_errors_are_left_as_they_are(tmp_path):
    with pytest.raises(BrokenPipeError), writes_for(str(tmp_path)):
        raise BrokenPipeError


def test_home_cache_and_temporary_folder_each_have_a_cure(tmp_path, monkeypatch):
    monkeypatch.setenv("TRANSFERLINE_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("TMPDIR", str(tmp_path / "temporary"))
    home, cache, temporary = folders_of(str(tmp_path / "home"))
    assert [each.path.name for each in (home, cache, temporary)] == ["home", "cache", "temporary"]
    assert "--output-dir" in home.elsewhere
    assert "TRANSFERLINE_CACHE" in cache.elsewhere
    assert "TMPDIR" in temporary.elsewhere


RUN = """
import os, sys
from pathlib import Path
from pipeline import catalog
from pipeline.config.overrides import apply_overrides
from pipeline.runs.launch import exit_status
from pipeline.runs.parent import run_in_child
config = apply_overrides(catalog.load("photos"), [f"output_dir={sys.argv[1]}"])
sys.exit(exit_status(run_in_child(config, child=sys.argv[2:])))
"""
COMPUTES = """
import os, sys
from pathlib import Path
from pipeline.runs import child
from pipeline.runs.channel import Sender, Task

def steps(config, recorder, _):
    with recorder.running("Transform"):
        pass
    with recorder.running("Trainer"):
        room = os.statvfs(config.home)
        Path(config.home, "examples").write_bytes(bytes(room.f_bavail * room.f_frsize))
        print("a line of the log that has no room " * 200)
        Path(config.home, "checkpoint").write_bytes(bytes(100000))

child._run = steps
child.main(int(sys.argv[1]))
"""


def test_a_run_that_fills_the_disk_says_so_in_its_record_and_on_the_screen(disk):
    computes = (*CHILD[: CHILD.index("-m")], "-c", COMPUTES)
    done = disk.run(sys.executable, "-c", RUN, disk.folder, *computes)
    assert done.returncode == 1, done.stderr
    config = apply_overrides(catalog.load("photos"), [f"output_dir={disk.path}"])
    (record,) = RunStore(config.home).runs()
    assert (record.status, record.error.place) == ("failed", "Trainer")
    assert record.error.cause.startswith("The disk is full: a file didn't fit into the ")
    assert record.error.cause.endswith(f" at {disk.folder}/photos.")
    assert record.error.cure.startswith("Make room there with `transferline clean`, or give another output folder")
    lines = done.stdout.splitlines()
    assert [line.split()[:2] for line in lines if line.startswith(" ✗")] == [["✗", "Trainer"]]
    assert lines[-3:] == [
        f"cause: {record.error.cause}",
        f"place: {record.error.place}",
        f"cure:  {record.error.cure}",
    ]
    assert f"Log:    {record.log}" in lines
    assert sorted(path.name for path in Path(config.home, "runs").iterdir()) == [f"{record.run_id}.json"]
