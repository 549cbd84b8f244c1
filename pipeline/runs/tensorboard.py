"""Finds the logs of a run's training, and the command that shows them in TensorBoard."""

import shlex
import sys
from pathlib import Path

from components.errors import TransferlineError
from pipeline.runs.record import RunRecord

LOG_FILES = "events.out.tfevents.*"
STEPS = ("Tuner", "Trainer")
"""Which write logs: the Tuner those of all models that it compared."""


def tensorboard_command(record: RunRecord) -> str:
    """Returns the command that opens the logs of a run, for a POSIX shell.

    TensorBoard is installed with TensorFlow, so it is in the environment that this runs in.

    Args:
        record: The run.

    Raises:
        TransferlineError: The run has no logs, or not any more.
    """
    installed = Path(sys.executable).with_name("tensorboard")
    program = str(installed) if installed.is_file() else "tensorboard"
    return shlex.join([program, "--logdir", _log_folder(record)])


def _log_folder(record: RunRecord) -> str:
    made = {step.name: step.artifacts for step in record.steps}
    for name in STEPS:
        for folder in made.get(name, ()):
            if any(Path(folder).rglob(LOG_FILES)):
                return folder
    raise TransferlineError(
        f"The run {record.run_id} has no logs of a training.",
        place=record.log,
        cure="Name a run whose Trainer came to its end, by --run ID.",
    )
