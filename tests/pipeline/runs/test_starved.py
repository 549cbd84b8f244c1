"""What is said of a run's process that ended without a word: whether it starved."""

import os
import signal
import subprocess
import sys

import pytest
from small_disk import small_disk

from components.room import Folder
from pipeline import catalog
from pipeline.config.overrides import apply_overrides
from pipeline.runs.parent import CHILD
from pipeline.runs.record import RunStore
from pipeline.runs.starved import starved

RUN = """
import sys
from pipeline import catalog
from pipeline.config.overrides import apply_overrides
from pipeline.runs.launch import exit_status
from pipeline.runs.parent import run_in_child
config = apply_overrides(catalog.load("photos"), [f"output_dir={sys.argv[1]}"])
sys.exit(exit_status(run_in_child(config, child=sys.argv[2:])))
"""
BEGINS = """
import ctypes, os, sys
from pipeline.runs.channel import Sender, Task
display = Sender(int(sys.argv[1]))
task = Task.model_validate_json(sys.stdin.read())
with display.working("Trainer"):
"""


@pytest.fixture
def log(tmp_path):
    return tmp_path / "run.log"


@pytest.fixture
def proc(tmp_path):
    (tmp_path / "vmstat").write_text("oom_kill 8\n")
    return tmp_path


def test_a_process_that_the_system_ended_for_want_of_memory_is_told(log, proc):
    ended = starved(-signal.SIGKILL, log, (), 7, proc)
    assert ended.cause == "There was not enough memory: the system ended the run's process (SIGKILL)."
    assert "trainer.batch_size" in ended.cure
    assert starved(-signal.SIGKILL, log, (), 8, proc) is None
    assert starved(-signal.SIGKILL, log, (), None, proc) is None


def test_the_log_of_a_process_that_was_killed_is_no_reason(log, proc):
    log.write_text("MemoryError\n")
    assert starved(-signal.SIGKILL, log, (), 8, proc) is None
    assert "ends with 'MemoryError'" in starved(1, log, (), 8, proc).cause


def test_a_full_disk_in_the_last_lines_is_told(log, tmp_path):
    log.write_text("begins\nOSError: [Errno 28] No space left on device\nends\n")
    (tmp_path / "disk").mkdir()
    with small_disk(tmp_path / "disk") as disk:
        disk.fill()
        told = starved(1, log, [Folder(disk.path, "name another")], None)
        assert told.cause.startswith("The disk is full: ")
    log.write_text("begins\nends\n")
    assert starved(1, log, [Folder(tmp_path, "name another")], None) is None


@pytest.mark.parametrize(
    ("program", "status", "cause"),
    [
        (
            "    sys.stderr.write('cannot allocate memory for thread-local data: ABORT\\n'); os._exit(127)",
            1,
            "the log of ",
        ),
        ("    ctypes.string_at(0)", 128 + signal.SIGSEGV, "the run's process crashed (SIGSEGV)"),
    ],
)
def test_a_limit_of_addresses_is_named_by_the_run_that_it_ended(tmp_path, program, status, cause):
    command = [sys.executable, "-c", RUN, tmp_path, *CHILD[: CHILD.index("-m")], "-c", BEGINS + program]
    limited = ["sh", "-c", 'ulimit -v 4000000; exec "$@"', "sh", *map(os.fspath, command)]
    done = subprocess.run(limited, capture_output=True, text=True, check=False)
    config = apply_overrides(catalog.load("photos"), [f"output_dir={tmp_path}"])
    (record,) = RunStore(config.home).runs()
    assert (done.returncode, record.status, record.error.place) == (status, "failed", "Trainer")
    assert record.error.cause.startswith(f"There was not enough memory: {cause}")
    assert record.error.cause.endswith("`ulimit -v` allows a process 4.1 GB of addresses.")
    assert record.error.cause in done.stdout


def test_a_run_is_refused_where_no_run_fits(tmp_path):
    command = f"ulimit -v 3000000; exec '{sys.executable}' -m pipeline run photos --output-dir '{tmp_path}'"
    done = subprocess.run(["sh", "-c", command], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "`ulimit -v` allows a process 3.1 GB of addresses, and a run takes 3.8 GB.\n  cure:  Lift it" in done.stderr
    assert list(tmp_path.iterdir()) == []
