"""Which Python `make setup` takes, on systems that a folder of programs stands for."""

import shutil
import subprocess
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / "choose_python.sh"


def program(file: Path, lines: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(f"#!/bin/bash\n{lines}\n")
    file.chmod(0o755)


class System:
    """A system with a glibc and Pythons; its uv, like the real one, says where on PATH a Python is, or fails."""

    def __init__(self, home: Path, glibc: str, pythons: list[str]):
        self.home, self.bin = home, home / "bin"
        program(self.bin / "getconf", f"echo glibc {glibc}")
        program(self.bin / "uv", 'command -v "python${!#}"')
        for tool in ("bash", "cut", "env", "head", "sort"):
            (self.bin / tool).symlink_to(shutil.which(tool))
        for python in pythons:
            program(self.bin / f"python{python}", "")

    def chosen(self, *decided: str) -> str:
        environment = {"PATH": str(self.bin), "HOME": str(self.home)}
        words = [SCRIPT, "uv", *decided]
        result = subprocess.run(words, env=environment, capture_output=True, text=True, check=True)
        return result.stdout.strip()


@pytest.mark.parametrize(
    ("glibc", "pythons", "expected"),
    [
        ("2.36", ["3.10", "3.12"], "3.10"),
        ("2.39", ["3.10", "3.11", "3.12", "3.13"], "3.12"),
        ("2.41", ["3.10", "3.11", "3.13"], "3.13"),
        ("2.100", ["3.10", "3.11"], "3.11"),
    ],
)
def test_the_newest_tfx_that_has_wheels_for_the_system_decides(tmp_path, glibc, pythons, expected):
    assert System(tmp_path, glibc, pythons).chosen() == f"{tmp_path}/bin/python{expected}"


def test_what_somebody_decided_is_taken(tmp_path):
    assert System(tmp_path, "2.41", ["3.12", "3.13"]).chosen("3.13") == f"{tmp_path}/bin/python3.13"


@pytest.mark.parametrize(("glibc", "fetched"), [("2.36", "3.10"), ("2.41", "3.12")])
def test_where_none_is_installed_uv_is_told_which_one_to_fetch(tmp_path, glibc, fetched):
    assert System(tmp_path, glibc, ["3.9", "3.14"]).chosen() == fetched


def test_pyenvs_versions_are_looked_at_the_newest_first(tmp_path):
    for version in ("3.12.2", "3.12.10"):
        program(tmp_path / ".pyenv" / "versions" / version / "bin" / "python3.12", "")
    expected = f"{tmp_path}/.pyenv/versions/3.12.10/bin/python3.12"
    assert System(tmp_path, "2.41", ["3.13"]).chosen() == expected
