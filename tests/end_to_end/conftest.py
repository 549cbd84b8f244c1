"""Whole runs, started as a person starts them: as commands in their own process."""

import json
import os
import re
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import in_process
import numpy as np
import pytest
from forked_commands import commands
from PIL import Image
from terminal import Terminal

ROOT = Path(__file__).parents[2]
BIN = Path(sys.executable).parent
TFX_COMMANDS = ROOT / "tests" / "support" / "tfx_commands.py"
COLOURS = {
    "amber": (240, 170, 20),
    "blue": (20, 40, 220),
    "green": (20, 200, 40),
    "pink": (250, 90, 170),
    "red": (200, 20, 20),
}


@dataclass(frozen=True)
class Home:
    """A user's home folder, with nothing of the machine's own settings in it.

    Attributes:
        path: The folder; runs go to its `transferline`.
        source: Where the project's packages are imported from.
    """

    path: Path
    source: Path = ROOT

    def environment(self, **more):
        """Returns the variables that a command has in this home."""
        return {
            **{key: value for key, value in os.environ.items() if not key.startswith("TRANSFERLINE_")},
            # The pretrained weights are fetched once for all tests, where they are needed at all.
            "TRANSFERLINE_CACHE": os.environ.get("TRANSFERLINE_CACHE") or str(Path.home() / ".cache" / "transferline"),
            "HOME": str(self.path),
            "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}",
            "PYTHONPATH": str(self.source),
            "TRANSFERLINE_OUTPUT_DIR": str(self.path / "transferline"),
            **more,
        }

    def command(self, *command, cwd=None, **environment):
        """Runs a command of the environment, in this home."""
        env = self.environment(**environment)
        return subprocess.run(command, env=env, cwd=cwd or self.path, capture_output=True, text=True, check=False)

    def tfx(self, *commands):
        """Runs commands of `tfx`, each given as (arguments, folder, variables); they share the import of TFX."""
        keys = ("arguments", "folder", "variables")
        given = json.dumps([dict(zip(keys, command, strict=True)) for command in commands])
        done = self.command(sys.executable, TFX_COMMANDS, given)
        outcomes = json.loads(done.stdout)
        return [subprocess.CompletedProcess("tfx", status, stdout=output) for status, output in outcomes]

    def start(self, *arguments, stdout=subprocess.DEVNULL, stderr=None, **environment):
        """Starts `transferline ARGUMENTS` and doesn't wait for it."""
        command = [sys.executable, "-m", "pipeline", *map(str, arguments)]
        env = self.environment(**environment)
        return subprocess.Popen(command, env=env, cwd=self.path, stdout=stdout, stderr=stderr)

    def terminal(self, *command, cwd=None):
        """Starts a command on a terminal of its own and doesn't wait for it."""
        return Terminal(command, env=self.environment(), cwd=cwd or self.path)

    def on_terminal(self, *arguments):
        """Runs `transferline ARGUMENTS` on a terminal of its own."""
        return self.terminal(sys.executable, "-m", "pipeline", *arguments).end()

    def transferline(self, *arguments, **options):
        """Runs `transferline ARGUMENTS`."""
        return self.command(sys.executable, "-m", "pipeline", *map(str, arguments), **options)

    def forked(self, *arguments, cwd=None, **environment):
        """Runs `transferline ARGUMENTS`, of this source, in processes that imported all that a run needs before."""
        assert self.source == ROOT
        with tempfile.TemporaryDirectory() as folder:
            out, err = Path(folder, "out"), Path(folder, "err")
            where = {"variables": self.environment(**environment), "folder": cwd or self.path}
            status = commands().start(arguments, out=out, err=err, **where).wait()
            return subprocess.CompletedProcess(arguments, status, out.read_text(), err.read_text())

    def here(self, *arguments, cwd=None, **environment):
        """Runs `transferline ARGUMENTS` in this process: what is imported for one test serves the next."""
        return in_process.transferline(*arguments, env=self.environment(**environment), cwd=cwd or self.path)

    def runs(self, name):
        """Returns what `transferline runs NAME --json` prints."""
        done = self.here("runs", name, "--json")
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)


def computing(log):
    """Returns the number of the process that computes a run, of its log's text."""
    return int(re.search(r"process (\d+) computes", log)[1])


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """One home for the tests of a file, which go on from each other's runs."""
    return Home(tmp_path_factory.mktemp("home"))


def write_photos(folder, count, classes=COLOURS, size=48):
    """Writes photos of one colour a class, with noise: {folder}/{class}/{n}.png."""
    generator = np.random.default_rng(0)
    for name, colour in classes.items():
        (folder / name).mkdir(parents=True)
        for number in range(count):
            noise = generator.integers(-20, 20, (size, size, 3))
            pixels = np.clip(np.array(colour) + noise, 0, 255).astype(np.uint8)
            Image.fromarray(pixels).save(folder / name / f"{number:03d}.png")
