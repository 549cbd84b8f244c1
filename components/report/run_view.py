"""Defines what the page says about the run itself, which its artifacts do not hold."""

import re
from datetime import datetime
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


class Served(Settings):
    """The model that is served, or was before this run's was pushed.

    Attributes:
        version: Its folder's name.
        run_id: The run that made it; "" where none is known.
        metrics: That run's, on its own test; empty where none is known.
        rolled_back: Whether it is served since someone went back to it.
        is_baseline: Whether it is what this run's model was compared with, on the same examples.
        is_kept: Whether its folder is there.
    """

    version: str
    run_id: str = ""
    metrics: dict[str, float] = {}
    rolled_back: bool = False
    is_baseline: bool = False
    is_kept: bool = True

    @property
    def in_words(self) -> str:
        """Which it is."""
        made = f", made {time_of(self.run_id)}" if time_of(self.run_id) else ""
        gone = "" if self.is_kept else ", no longer kept"
        return f"version {self.version}{made}{', rolled back to' * self.rolled_back}{gone}"


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
        own_settings: The keys of those that differ from their default.
        command: What runs it again with the same settings; "" where that isn't known.
        predictions_command: What writes all predictions of its test to a file; "" where there are none.
        home: The pipeline's folder, which most paths begin with.
        data: The path of the data.
        lineage: From the pushed model, or the candidate, back to the data.
        versions: Of what it ran on, by distribution.
        commit: Of the repository that its catalog file is in, and what had changed since; "" where none is known.
        log: The log file.
        served: The model that is served, or was before this run's was pushed; None where there is none.
        pushed_is_kept: Whether the folder that its own was pushed to is there.
    """

    run_id: str = ""
    status: Literal[""] | Status = ""
    seconds: float | None = None
    steps: tuple[Step, ...] = ()
    failure: Failure | None = None
    previous: str = ""
    changes: tuple[Change, ...] = ()
    settings: dict[str, str] = {}
    own_settings: tuple[str, ...] = ()
    command: str = ""
    predictions_command: str = ""
    home: str = ""
    data: str = ""
    lineage: tuple[Origin, ...] = ()
    versions: dict[str, str] = {}
    commit: str = ""
    log: str = ""
    served: Served | None = None
    pushed_is_kept: bool = True

    @property
    def time(self) -> str:
        """When it began; "" where its ID doesn't say."""
        return time_of(self.run_id)

    @property
    def previous_time(self) -> str:
        """When the run before began; its ID where that doesn't say."""
        return time_of(self.previous) or self.previous

    def short(self, path: str) -> str:
        """Returns a path without the pipeline's folder before it."""
        return path.removeprefix(f"{self.home}/") if self.home else path


class RunLine(Settings):
    """A run in the list of a pipeline's runs.

    Attributes:
        run_id: The run.
        status: How it ended.
        seconds: Wall time.
        metrics: The candidate's, over all examples.
        intervals: Their 95 % intervals, where there are any.
        bounds: What checks ask of them over all examples, where they ask for a value.
        bound_texts: The same as they are printed.
        counts: Records by what became of them.
        settings: The configuration as resolved, by dotted key.
        outcome: Where the model was pushed to, or why the run failed.
        version: Of the model that it pushed; "" where it pushed none.
        mark: What became of that model since.
        report: The link to its report; "" where there is none.
    """

    run_id: str
    status: str
    seconds: float = 0.0
    metrics: dict[str, float] = {}
    intervals: dict[str, tuple[float, float]] = {}
    bounds: dict[str, float] = {}
    bound_texts: dict[str, str] = {}
    counts: dict[str, int] = {}
    settings: dict[str, str] = {}
    outcome: str = ""
    version: str = ""
    mark: Literal["", "served", "rolled back", "replaced"] = ""
    report: str = ""

    @property
    def time(self) -> str:
        """When it began."""
        return time_of(self.run_id) or self.run_id

    @property
    def examples(self) -> int:
        """How many records were found."""
        return sum(self.counts.values())


class PipelineLine(Settings):
    """A pipeline in the list of all in an output folder.

    Attributes:
        name: The pipeline.
        runs: How many there were.
        last: The newest run.
        served: The version that is served; "" where none is.
        served_since: When that was pushed.
        rolled_back: Whether a rollback pushed it.
        link: The link to the list of its runs; "" where there is none.
    """

    name: str
    runs: int
    last: RunLine
    served: str = ""
    served_since: str = ""
    rolled_back: bool = False
    link: str = ""


RUN_ID = re.compile(r"(\d{8}T\d{6})-\d+")


def time_of(run_id: str) -> str:
    """Returns when a run began, as "2026-01-31 12:00 UTC"; "" where its ID doesn't say.

    >>> time_of("20260131T120000-00042")
    '2026-01-31 12:00 UTC'
    """
    found = RUN_ID.fullmatch(run_id)
    if not found:
        return ""
    try:
        return f"{datetime.strptime(found[1], '%Y%m%dT%H%M%S'):%Y-%m-%d %H:%M} UTC"
    except ValueError:
        return ""
