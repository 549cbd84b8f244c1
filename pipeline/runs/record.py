"""Keeps a record of each run, for `transferline runs` and the screen."""

import os
import secrets
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta, timezone
from itertools import takewhile
from pathlib import Path
from typing import Any

from pydantic import Field, ValidationError

from components.errors import TransferlineError
from components.outcome import Failure, Status, Step, ThresholdCheck, Yardstick
from components.report.run_view import RUN_ID
from components.room import full_disk
from components.settings import Settings
from components.wording import nearest
from pipeline.runs.ending import interrupted
from pipeline.runs.lock import Holder, holder_in, left_in
from pipeline.runs.room import let_go
from pipeline.runs.whole_file import write_whole

LATEST, PREVIOUS = "latest", "previous"
SHOWN = 5
TIME_OF_ID = "%Y%m%dT%H%M%S"


class Counts(Settings):
    """Records by what became of them; together they are all that were found.

    Attributes:
        train: In the training split.
        eval: In the validation split.
        test: In the test split.
        quarantined: Set aside with a reason.
        unused: Left out by a split by rows.
    """

    train: int = 0
    eval: int = 0
    test: int = 0
    quarantined: int = 0
    unused: int = 0


class RunRecord(Settings):
    """One run of a pipeline.

    Attributes:
        run_id: Sorts by time.
        status: How it ended, or that it hasn't.
        seconds: Wall time.
        steps: What it did, in order.
        counts: What became of the records.
        notes: What to know of the run besides, a sentence each: such as which columns aren't learned from.
        metrics: The candidate's, over all examples.
        intervals: The 95 % intervals of those that have one; the report, which is drawn at a run's end, works them out.
        thresholds: Each with what it met.
        yardstick: What simple models score on the same test rows; None where that wasn't measured.
        model_uri: Where the model was pushed to; "" if it wasn't.
        model_files: The SHA-256 of each of its files, by name; see `components.pusher.seal`.
        error: Why it failed; None if it didn't.
        log: The log file.
        report: The page to read; "" where there is none.
        at_work: The step at work; "" between steps, and of a run that has ended.
        process: Number of the process that ran it, and that shows it.
        signal: Number of the signal that ended it; 0 where none did.
        config: The pipeline's settings as they were resolved.
        state: Digest of all that the run depended on; "" where that wasn't looked at.
        file: The catalog file that the settings were read from; "" where they came from elsewhere.
        file_sha256: Of that file, when the run began.
        commit: Of the repository that the file is in, and what had changed since; "" where none is known.
        versions: Of what it ran on, by distribution; empty in records before 0.8.0.
    """

    run_id: str
    status: Status
    seconds: float = 0.0
    steps: tuple[Step, ...] = ()
    counts: Counts = Counts()
    notes: tuple[str, ...] = ()
    metrics: dict[str, float] = Field(default_factory=dict)
    intervals: dict[str, tuple[float, float]] = Field(default_factory=dict)
    thresholds: tuple[ThresholdCheck, ...] = ()
    yardstick: Yardstick | None = None
    model_uri: str = ""
    model_files: dict[str, str] = Field(default_factory=dict)
    error: Failure | None = None
    log: str = ""
    report: str = ""
    at_work: str = ""
    process: int = 0
    signal: int = 0
    config: dict[str, Any] = Field(default_factory=dict)
    state: str = ""
    file: str = ""
    file_sha256: str = ""
    commit: str = ""
    versions: dict[str, str] = Field(default_factory=dict)


class RunStore:
    """The records of one pipeline: a JSON file a run, in the folder `runs`.

    Args:
        home: The pipeline's folder.
    """

    def __init__(self, home: str) -> None:
        self._home = home
        self._folder = Path(home) / "runs"

    def new_id(self) -> str:
        """Returns the ID of a new run: it sorts behind all that there are, even if the clock was set back.

        Whoever asks holds the pipeline's lock. The digits behind the time tell apart runs of several pipelines that
        share a database.
        """
        known = [match.group(1) for file in self._folder.glob("*.json") if (match := RUN_ID.fullmatch(file.stem))]
        now = datetime.now(timezone.utc).strftime(TIME_OF_ID)
        if known and now <= max(known):
            now = (datetime.strptime(max(known), TIME_OF_ID) + timedelta(seconds=1)).strftime(TIME_OF_ID)
        return f"{now}-{secrets.randbelow(10**5):05d}"

    def save(self, record: RunRecord) -> None:
        """Writes a record, whole or not at all; on a full disk the last one of a run has the room that was kept for it.

        Raises:
            OSError: It can't be written.
        """
        file, text = self._folder / f"{record.run_id}.json", record.model_dump_json(indent=2)
        try:
            write_whole(file, text)
        except OSError as error:
            if record.status == "running" or not full_disk(error) or not let_go(self._home):
                raise
            write_whole(file, text)

    def find(self, run_id: str) -> RunRecord | None:
        """Returns the record of a run as it was saved last; None if there is none."""
        file = self._folder / f"{run_id}.json"
        return _read(file) if file.is_file() else None

    def runs(self) -> list[RunRecord]:
        """Returns all runs, newest first. One that is gone without a last word has failed.

        Raises:
            PermissionError: This user may not look into the folder.
        """
        return list(map(self._settled, self.newest_first()))

    def newest_first(self) -> Iterator[RunRecord]:
        """Yields the runs, read one by one, as they were saved last."""
        return map(_read, self._files())

    def close_interrupted(self, left: Holder | None) -> list[RunRecord]:
        """Closes the records of the runs before this one that are gone without a last word.

        Args:
            left: Who had the pipeline's lock before whoever asks, without letting go of it.

        Returns:
            Those records, the newest first.
        """
        gone = takewhile(lambda record: record.status == "running", self.newest_first())
        closed = [interrupted(record, self._home, left) for record in gone]
        for record in closed:
            self.save(record)
        return closed

    def last(self) -> RunRecord | None:
        """Returns the newest run; None where there is none."""
        file = next(iter(self._files()), None)
        return None if file is None else self._settled(_read(file))

    def _files(self) -> list[Path]:
        """The newest first. A folder that can't be looked into isn't one without runs, as `glob` has it."""
        try:
            names = os.listdir(self._folder)
        except (FileNotFoundError, NotADirectoryError):
            return []
        return [self._folder / name for name in sorted(names, reverse=True) if name.endswith(".json")]

    def _settled(self, record: RunRecord) -> RunRecord:
        if record.status != "running":
            return record
        holder = holder_in(self._home)
        if holder and holder.run_id == record.run_id:
            return record
        now = self.find(record.run_id) or record
        # Its last word comes before it lets go of the lock.
        return interrupted(now, self._home, left_in(self._home)) if now.status == "running" else now


def _read(file: Path) -> RunRecord:
    try:
        return RunRecord.model_validate_json(file.read_text(encoding="utf-8"))
    except PermissionError:
        cause, cure = "This user may not read the record of this run.", "Ask its owner for the right to read it."
    except (ValidationError, UnicodeDecodeError, OSError):
        cause, cure = "The record of this run can't be read.", "Remove the file."
    error = Failure(cause=cause, place=str(file), cure=cure)
    return RunRecord(run_id=file.stem, status="failed", error=error)


def public(records: Sequence[RunRecord]) -> list[dict[str, object]]:
    """Returns what `transferline runs --json` prints: nothing that only this machine understands, and no settings."""
    hidden = {"process", "signal", "config", "state", "model_files"}
    return [record.model_dump(exclude=hidden) for record in records]


def find_run(records: Sequence[RunRecord], name: str) -> RunRecord:
    """Returns the run of an ID.

    Args:
        records: All runs, the newest first.
        name: A run's ID or the beginning of one; or "latest", or "previous" for the one before it.

    Raises:
        TransferlineError: There is no such run, or more than one.
    """
    if not records:
        raise TransferlineError("This pipeline hasn't run yet.", cure="Start it with `transferline run`.")
    places = {LATEST: 0, PREVIOUS: 1}
    if name in places:
        if len(records) <= places[name]:
            raise TransferlineError("There is no run before the last one.", cure="Run the pipeline again.")
        return records[places[name]]
    found = [record for record in records if name and record.run_id.startswith(name)]
    exact = [record for record in found if record.run_id == name]
    if len(exact or found) == 1:
        return (exact or found)[0]
    ids = [record.run_id for record in found or records]
    listed = ", ".join(ids[:SHOWN]) + (f" and {len(ids) - SHOWN} more" if len(ids) > SHOWN else "")
    if found:
        raise TransferlineError(f"Several runs begin with '{name}': {listed}.", cure="Give more of the ID.")
    raise TransferlineError(
        f"There is no run '{name}'{nearest(name, ids)}",
        cure=f"Use {LATEST}, {PREVIOUS}, or one of {listed}; what `transferline clean` removed is gone.",
    )
