"""Finds the pushed model to use, without TensorFlow, so that a missing one is reported at once."""

import os

from components.errors import TransferlineError
from components.pusher.versions import versions
from pipeline.config import PipelineConfig


def find_pushed(config: PipelineConfig, version: int | None = None) -> str:
    """Returns the folder of a pushed model: of this version, or the last.

    Raises:
        TransferlineError: There is none.
    """
    pushed = config.pushed_dir
    there = versions(pushed)
    if not there:
        raise TransferlineError(
            f"No model of '{config.name}' has been pushed yet.",
            place=pushed,
            cure="Run it first with `transferline run`, or name its output folder with --output-dir.",
        )
    if version is not None and version not in there:
        raise TransferlineError(
            f"There is no pushed model {version}.",
            place=pushed,
            cure=f"Use one of {', '.join(map(str, reversed(there)))}.",
        )
    return os.path.join(pushed, str(there[0] if version is None else version))
