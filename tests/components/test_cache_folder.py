import os
import subprocess
import sys
from pathlib import Path

from components.cache_folder import CACHE_VARIABLE, cache_folder


def test_the_nearest_setting_counts(monkeypatch):
    monkeypatch.setenv("HOME", "/home/me")
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.delenv(CACHE_VARIABLE, raising=False)
    assert cache_folder() == Path("/home/me/.cache/transferline")
    monkeypatch.setenv("XDG_CACHE_HOME", "/caches")
    assert cache_folder() == Path("/caches/transferline")
    monkeypatch.setenv(CACHE_VARIABLE, "~/mine")
    assert cache_folder() == Path("/home/me/mine")


def test_a_user_whom_the_system_does_not_know_lives_at_the_root_as_in_a_container():
    program = """
from components.cache_folder import cache_folder
from pipeline.config import default_output_dir
print(cache_folder(), default_output_dir())
"""
    mine = ("HOME", "XDG_CACHE_HOME", CACHE_VARIABLE, "TRANSFERLINE_OUTPUT_DIR")
    environment = {key: value for key, value in os.environ.items() if key not in mine}
    command = ["unshare", "--user", "--map-user=12345", sys.executable, "-c", program]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert done.stdout == "/.cache/transferline /transferline\n"
