import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from components.errors import TransferlineError
from components.outcome import Step
from pipeline.runs.record import RunRecord
from pipeline.runs.tensorboard import tensorboard_command


def record_of(folders):
    steps = [Step(name=name, seconds=1, cached=False, artifacts=made) for name, made in folders.items()]
    return RunRecord(run_id="a", status="pushed", steps=tuple(steps), log="/logs/a.log")


def logged(folder):
    (folder / "train").mkdir(parents=True)
    (folder / "train" / "events.out.tfevents.1.here.2.0.v2").touch()
    return str(folder)


def test_the_command_is_for_the_models_compared_or_the_one_that_was_trained(tmp_path):
    trained, compared = logged(tmp_path / "my run" / "3"), logged(tmp_path / "results" / "2")
    model = tmp_path / "model"
    model.mkdir()
    _, option, folder = shlex.split(tensorboard_command(record_of({"Trainer": (str(model), trained)})))
    assert (option, folder) == ("--logdir", trained)
    both = record_of({"Tuner": (str(model), compared), "Trainer": (str(model), trained)})
    program, _, folder = shlex.split(tensorboard_command(both))
    assert folder == compared
    assert Path(program) == Path(sys.executable).with_name("tensorboard")
    version = subprocess.run([program, "--version"], capture_output=True, text=True, check=True)
    assert version.stdout.strip()


def test_a_run_without_logs_is_named(tmp_path):
    for steps in ({}, {"Trainer": (str(tmp_path),)}, {"Trainer": (str(tmp_path / "gone"),)}):
        with pytest.raises(TransferlineError, match="The run a has no logs of a training"):
            tensorboard_command(record_of(steps))
