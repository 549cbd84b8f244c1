"""Gives many commands on one pipeline at once, and looks what is lost or doubled when all have ended."""

import os
import sqlite3
import subprocess
import sys
from collections import Counter
from contextlib import closing
from pathlib import Path

import old_home

from components.pusher.seal import Seal, is_intact
from components.pusher.versions import versions
from pipeline.runs.record import RunStore
from pipeline.runs.rollbacks import rollbacks
from pipeline.runs.served import version_of

ROOT = Path(__file__).parents[2]
WAITS = (
    "import sys, time; time.sleep(float(sys.argv.pop(1))); sys.argv[0] = 'transferline'; "
    "from pipeline.cli import main; main()"
)
ONE_MODEL = 'trainer.models={"tiny": {"widths": [8]}}'
LITTER = ("**/.pushing-*", "**/*.partial")


class SideBySide:
    """The pipeline of the old home, and the commands that are given on it.

    Args:
        folder: An empty one.
        rows: How many there are to predict.

    Attributes:
        home: The pipeline's folder.
    """

    def __init__(self, folder, rows=8):
        self.home = old_home.unpack(folder / "out", folder / "cache")
        self._folder, self._rows = folder, folder / "rows.csv"
        (done,) = self.give([("data", old_home.NAME, "--rows", str(rows), "--out", str(self._rows))])
        assert done.returncode == 0, done.stderr

    def run(self, seed):
        settings = (*old_home.SETTINGS, f"trainer.seed={seed}", ONE_MODEL)
        return ("run", old_home.NAME, *(word for each in settings for word in ("--set", each)), "--wait")

    def predict(self):
        return ("predict", old_home.NAME, str(self._rows), "--json")

    def give(self, commands, delays=None):
        """Starts all commands at once, or each after so many seconds, and waits for their ends."""
        variables = {
            **os.environ,
            "HOME": str(self._folder),
            "TRANSFERLINE_OUTPUT_DIR": str(self._folder / "out"),
            "TRANSFERLINE_CACHE": str(self._folder / "cache"),
            "PYTHONPATH": str(ROOT),
        }
        started = [
            subprocess.Popen(
                [sys.executable, "-c", WAITS, str(seconds), *command],
                env=variables,
                cwd=self._folder,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
            )
            for command, seconds in zip(commands, delays or [0] * len(commands), strict=True)
        ]
        ended = []
        for process, command in zip(started, commands, strict=True):
            out, err = process.communicate()
            ended.append(subprocess.CompletedProcess(command, process.returncode, out, err))
        return ended


def faults(home):
    """Returns what is lost, doubled or left in a pipeline's folder on which nobody is at work, a sentence each."""
    return [*_of_versions(home), *_of_metadata(home), *(f"left: {path}" for each in LITTER for path in home.glob(each))]


def _of_versions(home):
    there, records = versions(str(home / "pushed")), RunStore(str(home)).runs()
    # A run that comes to the model that is served already has its version, whoever pushed it.
    models = {(version_of(record), Seal(files=record.model_files).digest) for record in records if record.model_files}
    pushed = Counter(version for version, _ in models)
    known = {*pushed, *(each.pushed_as for each in rollbacks(str(home))), *map(int, old_home.PUSHED)}
    yield from (f"the version {version} is of two models" for version, of in pushed.items() if of > 1)
    yield from (f"the version {version} is of nobody" for version in there if version not in known)
    yield from (
        f"the version {version} is damaged" for version in there if not is_intact(str(home / "pushed" / str(version)))
    )
    yield from (f"the run {record.run_id} is at work for ever" for record in records if record.status == "running")


def _of_metadata(home):
    with closing(sqlite3.connect(home / "metadata.sqlite")) as database:
        ((said,),) = database.execute("PRAGMA integrity_check")
        live = [uri for (uri,) in database.execute("SELECT uri FROM Artifact WHERE state = 2")]
    yield from [f"the metadata: {said}"] * (said != "ok")
    gone = (uri for uri in live if not uri.endswith(old_home.TAKEN_OUT) and not Path(uri).exists())
    yield from (f"{uri} is live, and isn't there" for uri in gone)
