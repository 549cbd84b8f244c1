import os
import signal
import subprocess
import sys
import time

from components.partial import SECONDS_OF_ANOTHER_MACHINE, partial_folder, remove_dead

MAKES = """
import sys, time
from pathlib import Path
from components.partial import partial_folder
with partial_folder(Path(sys.argv[1])) as folder:
    (folder / "half").touch()
    print(folder, flush=True)
    time.sleep(1000)
"""


def test_a_folder_goes_with_who_made_it_and_what_was_moved_out_of_it_stays(tmp_path):
    with partial_folder(tmp_path) as folder:
        (folder / "half").touch()
        (folder / "made").touch()
        (folder / "made").rename(tmp_path / "made")
        assert remove_dead(tmp_path) == []
    assert [path.name for path in tmp_path.iterdir()] == ["made"]


def test_that_of_a_killed_process_is_dead_and_that_of_a_living_one_is_not(tmp_path):
    with subprocess.Popen([sys.executable, "-c", MAKES, str(tmp_path)], stdout=subprocess.PIPE, text=True) as process:
        folder = process.stdout.readline().strip()
        assert remove_dead(tmp_path) == []
        process.send_signal(signal.SIGKILL)
    assert [str(path) for path in remove_dead(tmp_path)] == [folder]
    assert list(tmp_path.iterdir()) == []


def test_that_of_another_machine_is_dead_when_nothing_was_written_in_it_for_long(tmp_path):
    folder = tmp_path / ".partial-another-x"
    folder.mkdir()
    (folder / "half").touch()
    long_ago = time.time() - SECONDS_OF_ANOTHER_MACHINE - 60
    os.utime(folder, (long_ago, long_ago))
    assert remove_dead(tmp_path) == []
    os.utime(folder / "half", (long_ago, long_ago))
    assert remove_dead(tmp_path) == [folder]


def test_what_cannot_be_looked_at_to_its_end_is_not_taken_for_dead(tmp_path):
    shut = tmp_path / ".partial-another-x" / "shut"
    shut.mkdir(parents=True)
    (shut / "half").touch()
    shut.chmod(0o444)  # its names can be read, and nothing else
    program = "import sys; from pathlib import Path; from components.partial import remove_dead; "
    program += "print(remove_dead(Path(sys.argv[1])))"
    command = ["unshare", "--user", "--map-user=12345", sys.executable, "-c", program, str(tmp_path)]
    (shut.parent / "at work").touch()
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    assert done.stdout == "[]\n"
    assert (shut.parent / "at work").exists()
    shut.chmod(0o755)


def test_a_link_of_such_a_name_is_not_followed(tmp_path):
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "cache").mkdir()
    with partial_folder(tmp_path / "cache") as folder:
        (tmp_path / "cache" / f"{folder.name}-link").symlink_to(tmp_path / "elsewhere")
        assert remove_dead(tmp_path / "cache") == []
    assert (tmp_path / "elsewhere").is_dir()
