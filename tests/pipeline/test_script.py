"""A catalog file as a script, beside the command that runs the same pipeline."""

import os
import subprocess
import sys

import pytest

from pipeline import catalog


def loop(folder):
    (folder / "loop").symlink_to(folder / "loop")
    return folder / "loop"


def too_long(folder):
    return folder / ("long" * 100)


@pytest.mark.parametrize("unusable", [loop, too_long])
def test_an_output_folder_that_cannot_be_is_told_as_by_the_command(tmp_path, unusable):
    environment = {**os.environ, "TRANSFERLINE_OUTPUT_DIR": str(unusable(tmp_path))}
    for command in ((str(catalog.FOLDER / "digits.py"),), ("-m", "pipeline", "run", "digits")):
        done = subprocess.run([sys.executable, *command], env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 1
        cause, cure = done.stderr.splitlines()
        assert cause.startswith("transferline: [Errno ")
        assert cure == "  cure:  Give another folder with --output-dir."
