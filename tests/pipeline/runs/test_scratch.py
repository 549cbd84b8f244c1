import os
import signal
import subprocess
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path

import pytest

from pipeline.runs.scratch import scratch_folder


@pytest.fixture(autouse=True)
def temporary(tmp_path, monkeypatch):
    """The system's folder for temporary files."""
    (tmp_path / "tmp").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "tmp"))
    return tmp_path / "tmp"


def test_it_goes_with_all_that_is_in_it(temporary, tmp_path):
    with scratch_folder(str(tmp_path)) as (folder, removed):
        assert Path(folder).parent == temporary
        assert os.stat(folder).st_mode & 0o077 == 0
        Path(folder, "beam-temp").mkdir()
    assert (removed, list(temporary.iterdir())) == ([], [])


def test_those_of_runs_of_the_same_pipeline_that_are_gone_are_removed(temporary, tmp_path):
    with scratch_folder(str(tmp_path)) as (folder, _):
        pass
    Path(folder, "beam-temp").mkdir(parents=True)  # as it is after a kill
    with scratch_folder(str(tmp_path / "another")) as (another, _):
        (temporary / f"{Path(folder).name}-link").symlink_to(another)
        with scratch_folder(str(tmp_path)) as (_, removed):
            assert removed == [Path(folder)]
            assert Path(another).is_dir()


RUNS = """
import sys, time
from pipeline.runs.scratch import scratch_folder
with scratch_folder(sys.argv[1]) as (folder, removed):
    print(folder, removed, flush=True)
    time.sleep(1000)
"""


def test_that_of_a_run_in_another_container_with_the_same_paths_stays(temporary, tmp_path):
    command = ["unshare", "--user", "--map-root-user", "--mount", sys.executable, "-c", RUNS, str(tmp_path)]
    with subprocess.Popen(command, env={**os.environ, "TMPDIR": str(temporary)}, stdout=subprocess.PIPE) as process:
        at_work, removed = process.stdout.readline().decode().split()
        with scratch_folder(str(tmp_path)) as found:
            stays = Path(at_work).is_dir()
        process.kill()
        process.wait()
        assert (stays, removed, found[1]) == (True, "[]", [])
        with scratch_folder(str(tmp_path)) as found:
            assert found[1] == [Path(at_work)]


def test_processes_that_the_run_left_go_with_it_and_no_others(tmp_path):
    with ExitStack() as stack:
        folder, _ = stack.enter_context(scratch_folder(str(tmp_path)))
        orphan, another = (
            subprocess.Popen(["sleep", "1000"], env={**os.environ, "TMPDIR": where})
            for where in (folder, str(tmp_path))
        )
        stack.close()
        assert orphan.wait() == -signal.SIGKILL
        assert another.poll() is None
        another.kill()
        another.wait()


def test_a_run_does_without_where_none_can_be_made(temporary, tmp_path):
    temporary.rmdir()
    with scratch_folder(str(tmp_path)) as found:
        assert found == ("", [])


NONE = """
import resource, sys, tempfile
from components.room import folder_error
from pipeline.runs.room import folders_of
from pipeline.runs.scratch import scratch_folder
resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
with scratch_folder(sys.argv[1]) as found:
    print(found)
try:
    tempfile.mkdtemp()
except FileNotFoundError as error:
    print(folder_error(error, folders_of(sys.argv[1])))
"""


def test_a_run_does_without_where_no_folder_takes_temporary_files_and_says_what_helps(tmp_path):
    without = {key: value for key, value in os.environ.items() if key != "TMPDIR"}
    command = [sys.executable, "-c", NONE, str(tmp_path)]
    done = subprocess.run(command, env=without, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == [
        "('', [])",
        "No folder for temporary files can be written to.",
        "  cure:  Name one in the variable TMPDIR.",
    ]
