import subprocess
import sys
from importlib.metadata import version
from types import SimpleNamespace

import pytest

from pipeline.checks import environment
from pipeline.checks.environment import check_library, check_others, check_room, installed_versions, locked_versions

LOCK = """
one==1.0 \\
    --hash=sha256:00
Two_Parts==2.0 ; python_full_version >= '3' \\
    --hash=sha256:00
never==3.0 ; python_full_version < '3' \\
    --hash=sha256:00
"""


def test_a_lock_is_read_for_this_python(tmp_path):
    (tmp_path / "lock").write_text(LOCK)
    assert locked_versions(tmp_path / "lock") == {"one": "1.0", "two-parts": "2.0"}
    assert locked_versions(tmp_path / "absent") == {}


def test_the_projects_own_lock_has_every_library():
    locked = locked_versions(environment.LOCK)
    levels = {check_library(name, locked, locked).level for name in environment.LIBRARIES}
    assert levels == {"ok"}


def test_what_is_installed_is_found():
    assert installed_versions()["tf-keras"] == version("tf_keras")


@pytest.mark.parametrize(
    ("installed", "level", "text"),
    [
        ({"tf-keras": "1.0"}, "ok", "1.0"),
        ({"tf-keras": "2.0"}, "fault", "2.0, and requirements.lock has 1.0."),
        ({}, "fault", "It isn't installed."),
    ],
)
def test_a_library_must_be_the_locked_one(installed, level, text):
    finding = check_library("tf_keras", installed, {"tf-keras": "1.0"})
    assert (finding.level, finding.text) == (level, text)


def test_other_libraries_are_warned_of():
    locked = {"tfx": "0", "a": "1", "b": "1", "c": "1"}
    assert [(finding.level, finding.text) for finding in check_others({"a": "1", "b": "2"}, locked)] == [
        ("warning", "1 of requirements.lock aren't installed: c."),
        ("warning", "1 aren't as in requirements.lock: b 2 for 1."),
    ]
    assert [finding.level for finding in check_others({"a": "1", "b": "1", "c": "1"}, locked)] == ["ok"]


def test_where_there_is_no_lock_it_says_that_nothing_was_compared():
    (finding,) = check_others({"a": "1"}, {})
    assert (finding.level, finding.text) == ("warning", "There is no lock here: versions weren't compared.")


def test_room_is_looked_at_where_the_folder_will_be(tmp_path):
    finding = check_room(str(tmp_path / "to" / "come"))
    assert finding.text.endswith(f"GiB free at {tmp_path}/to/come")
    assert check_room("gs://bucket").level == "warning"
    found = check_room(str(tmp_path), 2**60)
    assert found.level == "fault"
    assert found.text.endswith(f"GiB free at {tmp_path}, and a run of this data takes about 1,073,741,824.0 GiB.")


def test_a_file_in_the_way_of_the_folder(tmp_path):
    (tmp_path / "file").write_text("")
    assert check_room(str(tmp_path / "file" / "out")).level == "fault"


@pytest.mark.parametrize(("free", "level"), [(0, "fault"), (2, "warning"), (50, "ok")])
def test_little_room_and_little_memory(tmp_path, monkeypatch, free, level):
    monkeypatch.setattr("shutil.disk_usage", lambda _: SimpleNamespace(free=free * 2**30))
    monkeypatch.setattr(environment, "available_memory", lambda: free * 2**30)
    assert check_room(str(tmp_path)).level == level
    assert environment.check_memory().level == level


def test_a_limit_of_addresses_that_no_run_fits_into_is_a_fault():
    program = "from pipeline.checks.environment import check_memory as check; print(check().level, check().cure)"
    command = f"ulimit -v 3000000; exec '{sys.executable}' -c '{program}'"
    done = subprocess.run(["sh", "-c", command], capture_output=True, text=True, check=True)
    assert done.stdout == "fault Lift it with `ulimit -v unlimited`.\n"


@pytest.mark.parametrize(
    ("python", "libc", "level"),
    [
        ((3, 10), ("glibc", "2.31"), "ok"),
        ((3, 12), ("glibc", "2.36"), "fault"),
        ((3, 12), ("glibc", "2.39"), "ok"),
        ((3, 10), ("", ""), "fault"),
    ],
)
def test_newer_pythons_need_a_newer_glibc(monkeypatch, python, libc, level):
    monkeypatch.setattr("sys.version_info", python)
    monkeypatch.setattr("platform.libc_ver", lambda: libc)
    assert environment.check_glibc().level == level


@pytest.mark.parametrize(("python", "level"), [((3, 9), "fault"), ((3, 10), "ok"), ((3, 13), "ok"), ((3, 14), "fault")])
def test_pythons_without_tfx(monkeypatch, python, level):
    monkeypatch.setattr("sys.version_info", python)
    assert environment.check_python().level == level


def test_pip_is_looked_for_on_the_path(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    assert environment.check_pip().level == "warning"
    (tmp_path / "pip").touch(mode=0o755)
    assert environment.check_pip().level == "ok"
