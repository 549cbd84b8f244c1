"""Says how a run ended that couldn't say so itself: where it was, why it ended, and whether its model was pushed."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from components.errors import TransferlineError
from components.outcome import Failure
from components.pusher.seal import read_seal
from components.pusher.versions import SERVED_MODEL, is_same_model, newest_version

if TYPE_CHECKING:
    from pipeline.runs.lock import Holder
    from pipeline.runs.record import RunRecord

RUN_AGAIN = "Run it again: finished steps come from the cache."
BEFORE_THE_FIRST_STEP = "before the first step"
PUSHER = "Pusher"
PUSHED = "pushed"
"""The folder of the versions, in a pipeline's own."""


def place_in(record: RunRecord) -> str:
    """Returns where a run is, or was when it ended: the step at work, else the last one."""
    return record.at_work or (record.steps[-1].name if record.steps else BEFORE_THE_FIRST_STEP)


def interrupted(record: RunRecord, home: str, left: Holder | None) -> RunRecord:
    """Returns the record of a run that is gone without a last word.

    Args:
        record: As far as it came.
        home: The pipeline's folder.
        left: Who had the pipeline's lock last, without letting go of it.
    """
    error = Failure(cause=_cause(record, left), place=place_in(record), cure=RUN_AGAIN)
    return with_model(record.model_copy(update={"status": "failed", "error": error}), home)


def with_model(record: RunRecord, home: str) -> RunRecord:
    """Returns the record of a run that failed, with the model that it had pushed by then: that is served all the same.

    A version appears by a rename, and the record learns of it later.
    """
    pushed = _pushed_by(record, home)
    if record.error is None or not pushed:
        return record.model_copy(update={"at_work": ""})
    cause = f"{record.error.cause} Its model had been pushed by then: {pushed}."
    error = record.error.model_copy(update={"cause": cause})
    update = {"at_work": "", "error": error, "model_uri": pushed, "model_files": _files_of(pushed)}
    return record.model_copy(update=update)


def _files_of(folder: str) -> dict[str, str]:
    try:
        seal = read_seal(folder)
    except (TransferlineError, OSError):  # nothing is known of it, then
        return {}
    return seal.files if seal else {}


def ending_text(record: RunRecord) -> str:
    """Says of an earlier run that failed where and why it did."""
    why = f", in {record.error.place}: {record.error.cause}" if record.error else ""
    return f"The run {record.run_id} didn't come to its end{why}"


def _cause(record: RunRecord, left: Holder | None) -> str:
    if left is None or left.run_id != record.run_id:  # others were at work since
        return "The run was interrupted."
    if left.of_this_boot:
        return "The run was killed (SIGKILL) as a whole: often the system or its container had no memory left."
    return "The run was interrupted: its machine went down, or was another one."


def _pushed_by(record: RunRecord, home: str) -> str:
    """The newest version, where a run ended in its push and that is its model; else ""."""
    if record.model_uri or PUSHER not in (record.at_work, *(step.name for step in record.steps[-1:])):
        return ""
    try:
        newest = newest_version(os.path.join(home, PUSHED))
        models = [os.path.join(uri, SERVED_MODEL) for step in record.steps for uri in step.artifacts]
        return newest if newest and any(is_same_model(newest, model) for model in models) else ""
    except OSError:  # a folder that can't be read says nothing
        return ""
