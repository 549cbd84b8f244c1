"""Defines what the page says about the run itself, which its artifacts do not hold."""

from typing import Literal

from components.outcome import Failure, Status, Step
from components.settings import Settings


class Origin(Settings):
    """One artifact on the way from the data to the pushed model.

    Attributes:
        name: What it is, as "Trainer: model".
        uri: Where it is.
        made: When, as "2026-01-31 12:00 UTC".
        run_id: The run that made it.
        details: What else is known, such as the data's path and fingerprint.
    """

    name: str
    uri: str
    made: str = ""
    run_id: str = ""
    details: str = ""


class Change(Settings):
    """One thing that differs from the run before.

    Attributes:
        what: The metric, setting or count.
        before: As text.
        now: As text.
    """

    what: str
    before: str
    now: str


class RunView(Settings):
    """One run of a pipeline.

    Attributes:
        run_id: The run.
        status: How it ended.
        seconds: Wall time.
        steps: In order; empty where the orchestrator keeps them.
        failure: Why it failed; None if it didn't.
        previous: The run before, which `changes` compares with; "" where there is none.
        changes: What differs from it.
        settings: The configuration as resolved, by dotted key.
        lineage: From the pushed model, or the candidate, back to the data.
        versions: Of what it ran on, by distribution.
        log: The log file.
        serving: The newest pushed model before this run's; "" where there is none.
    """

    run_id: str = ""
    status: Literal[""] | Status = ""
    seconds: float | None = None
    steps: tuple[Step, ...] = ()
    failure: Failure | None = None
    previous: str = ""
    changes: tuple[Change, ...] = ()
    settings: dict[str, str] = {}
    lineage: tuple[Origin, ...] = ()
    versions: dict[str, str] = {}
    log: str = ""
    serving: str = ""
