"""What `make lint` refuses, planted in a copy of the source: the rules that keep the house in order hold."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
BIN = Path(sys.executable).parent
COPIED = ("pipeline", "components", "transferline")


@pytest.fixture(scope="module")
def copy(tmp_path_factory):
    """A copy of the packages and of the linters' settings."""
    folder = tmp_path_factory.mktemp("copy")
    for package in COPIED:
        shutil.copytree(ROOT / package, folder / package, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", folder)
    return folder


@pytest.fixture
def plant(copy):
    """Returns a function that writes a module which is gone after the test."""
    planted = []

    def write(name, text):
        path = copy / name
        assert not path.exists()
        path.write_text(f'"""Planted."""\n\n{text}')
        planted.append(path)

    yield write
    for path in planted:
        path.unlink()


def lint(folder, *command):
    """Returns the exit status and what a linter says of the copy."""
    environment = {**os.environ, "PYTHONPATH": str(folder)}
    done = subprocess.run(
        [BIN / command[0], *command[1:]], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    return done.returncode, " ".join((done.stdout + done.stderr).split())


def test_a_module_without_a_place_and_an_import_upwards_fail(copy, plant):
    status, said = lint(copy, "lint-imports")
    assert (status, "0 broken" in said) == (0, True), said
    plant("pipeline/planted.py", "PLACE = None\n")
    plant("pipeline/config/planted.py", "from pipeline.graph import create_pipeline\n\n__all__ = ['create_pipeline']\n")
    status, said = lint(copy, "lint-imports")
    assert status == 1
    assert "pipeline.planted" in said
    assert "pipeline.config.planted -> pipeline.graph" in said


@pytest.mark.parametrize(
    ("text", "banned"),
    [
        ("import pyarrow.parquet as pq\n\n__all__ = ['pq']\n", "`pyarrow` is banned"),
        ("from pyarrow import parquet\n\n__all__ = ['parquet']\n", "`pyarrow` is banned"),
        ("from tfx import v1\n\n__all__ = ['v1']\n", "`tfx.v1` is banned"),
    ],
)
def test_an_import_past_its_door_fails(copy, plant, text, banned):
    plant("pipeline/profile/planted.py", text)
    status, said = lint(copy, "ruff", "check", "--no-cache", "pipeline")
    assert status == 1
    assert "pipeline/profile/planted.py" in said
    assert banned in said


def test_the_copy_itself_is_clean(copy):
    status, said = lint(copy, "ruff", "check", "--no-cache", *COPIED)
    assert (status, said) == (0, "All checks passed!")
