"""The commands in this process, on folders of a test's own."""

import json
from dataclasses import dataclass
from pathlib import Path

import pytest
from typer.testing import CliRunner

from pipeline.cli import app
from pipeline.runs.record import RunRecord, RunStore


@dataclass(frozen=True)
class CommandLine:
    """Runs `transferline ARGUMENTS --output-dir FOLDER`.

    Attributes:
        output_dir: The folder.
    """

    output_dir: Path

    def __call__(self, *arguments, status=0):
        done = CliRunner().invoke(app, [*map(str, arguments), "--output-dir", str(self.output_dir)])
        if done.exception is not None and not isinstance(done.exception, SystemExit):
            raise done.exception
        assert done.exit_code == status, done.output
        return done.stdout

    def json(self, *arguments, status=0):
        return json.loads(self(*arguments, "--json", status=status))

    def home(self, name):
        return self.output_dir / name

    def save(self, name, run_id, **record):
        RunStore(str(self.home(name))).save(RunRecord(run_id=run_id, **({"status": "pushed"} | record)))


@pytest.fixture
def transferline(tmp_path):
    return CommandLine(tmp_path / "out")
