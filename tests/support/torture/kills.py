"""Kills runs of a pipeline at moments by chance, and looks at what the next ones make of it."""

import os
import signal
import sqlite3
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import closing
from functools import cache
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import NamedTuple

from forked_commands import Command, commands

from components.pusher.publish import UNFINISHED
from components.pusher.versions import SERVED_MODEL, is_same_model, versions
from pipeline.runs.ending import place_in
from pipeline.runs.record import RunRecord, RunStore

KILLS = 5
"""In each case, one after the other, of a pipeline that never ran before."""

SECONDS = 900
"""The longest that a case may take, on a machine with much else to do."""

PAGE = "page"
"""What comes after the last step: the outcome is kept, and the report is drawn."""

SECONDS_TO_LOOK = 0.005
SECONDS_TO_END = 10.0
SAME = 1e-5
RUNNING = 2
"""An execution's state in ML Metadata's own table."""


class Kind(NamedTuple):
    """A pipeline to be killed.

    Attributes:
        pipeline: Its name.
        settings: What makes it quick.
        steps: All of its steps, in order.
    """

    pipeline: str
    settings: Sequence[str]
    steps: Sequence[str]

    @property
    def moments(self) -> Sequence[str]:
        """When a run can be killed: in each step, and after the last."""
        return ("Data", "TFX", *self.steps, PAGE)


class Runs:
    """Runs of a pipeline, each in processes of its own.

    Args:
        kind: The pipeline.
    """

    def __init__(self, kind: Kind) -> None:
        self.kind = kind
        self._folder = TemporaryDirectory(prefix="torture-kills-")
        self.temporary = Path(self._folder.name)
        (self.temporary / "tmp").mkdir()

    def start(self, output_dir: Path) -> Command:
        """Starts a run."""
        settings = [f"--set={setting}" for setting in self.kind.settings]
        arguments = ["run", self.kind.pipeline, "--force", "--output-dir", str(output_dir), *settings]
        screen = output_dir.parent / "screen"
        variables = {**os.environ, "TMPDIR": str(self.temporary / "tmp")}
        return commands().start(arguments, out=screen, err=screen, variables=variables, folder=self.temporary)

    def left_among_temporary_files(self) -> list[str]:
        """What runs left in the folder of temporary files."""
        return sorted(os.listdir(self.temporary / "tmp"))


class Reference(NamedTuple):
    """A run that nobody disturbed.

    Attributes:
        record: Its record.
        seconds: How long each moment lasts.
    """

    record: RunRecord
    seconds: dict[str, float]


@cache
def runs_of(kind: Kind) -> Runs:
    """The runs of a kind; what they need is started once a process."""
    return Runs(kind)


@cache
def reference_of(kind: Kind) -> Reference:
    """An undisturbed run."""
    runs = runs_of(kind)
    output_dir = runs.temporary / "reference"
    begun = time.monotonic()
    status = runs.start(output_dir).wait()
    record = RunStore(str(output_dir / kind.pipeline)).last()
    assert record is not None
    assert (status, record.status) == (0, "pushed"), (runs.temporary / "screen").read_text()
    names = [step.name for step in record.steps]
    assert names == list(kind.steps), names
    page = max(0.5, time.monotonic() - begun - record.seconds)
    return Reference(record, {**{step.name: step.seconds for step in record.steps}, PAGE: page})


def killed_again_and_again(kind: Kind, random: Random, folder: Path) -> str:
    """Kills runs of a pipeline that never ran before, and lets the last one come to its end; returns a verdict."""
    runs, reference = runs_of(kind), reference_of(kind)
    output_dir = folder / "out"
    home = output_dir / kind.pipeline
    for moment in moments_of(kind, random):
        _kill(runs, output_dir, moment, random, reference.seconds.get(moment, 0.1))
        _check_what_is_served(home)
        _check_metadata(home)
    assert runs.start(output_dir).wait() == 0, (folder / "screen").read_text()
    last, *before = RunStore(str(home)).runs()
    _check_goes_on([*reversed(before), last])
    _check_same(last, reference.record)
    assert [os.path.basename(last.model_uri)] == [str(version) for version in versions(str(home / "pushed"))]
    _check_what_is_served(home)
    assert (_litter(home), runs.left_among_temporary_files()) == ([], [])
    return f"went on after {KILLS} kills"


def moments_of(kind: Kind, random: Random) -> list[str]:
    """The moments of a case, in the order in which they come."""
    return sorted(random.sample(kind.moments, KILLS), key=kind.moments.index)


def planned(name: str, kind: Kind, seed: int, cases: int) -> Counter[str]:
    """How often runs are killed in each step, in the cases of a part."""
    cases_of_the_part = (Random(f"{seed}/{name}/{case}") for case in range(cases))  # noqa: S311
    return Counter(moment for random in cases_of_the_part for moment in moments_of(kind, random))


def _kill(runs: Runs, output_dir: Path, moment: str, random: Random, seconds: float) -> None:
    """Starts a run and kills it, as a whole or only the process that computes."""
    home = output_dir / runs.kind.pipeline
    before = set(_records(home))
    run = runs.start(output_dir)
    first = run.pid
    wait, as_a_whole = random.random() * seconds, random.random() < 2 / 3
    record = _wait_for(runs.kind, home, before, moment, first)
    time.sleep(wait)
    victim = first if as_a_whole else _computing(record)
    if os.path.exists(f"/proc/{victim}"):
        os.kill(victim, signal.SIGKILL)
    run.wait()
    _wait_for_the_end_of_all(first)
    raw = RunStore(str(home)).find(record.run_id)
    (last, *_) = RunStore(str(home)).runs()
    assert last.run_id == record.run_id
    if last.status == "failed":
        assert last.error is not None
        assert not as_a_whole or last.error.place == place_in(raw)
        earlier = runs.kind.moments[: runs.kind.moments.index(moment)]
        assert last.error.place not in earlier, (moment, last.error)


def _wait_for(kind: Kind, home: Path, before: set[str], moment: str, process: int) -> RunRecord:
    """Waits until a run has come to a moment, or beyond; returns its record."""
    late = kind.moments[kind.moments.index(moment) :]
    while True:
        ended = not os.path.exists(f"/proc/{process}")
        for name in set(_records(home)) - before:
            record = RunStore(str(home)).find(name)
            if record and (ended or record.status != "running" or record.at_work in late):
                return record
        assert not ended, "the run ended before it had a record"
        time.sleep(SECONDS_TO_LOOK)


def _records(home: Path) -> Iterator[str]:
    return (path.stem for path in (home / "runs").glob("*.json"))


def _computing(record: RunRecord) -> int:
    """The process that computes a run."""
    return int(Path(record.log).read_text(errors="replace").partition("process ")[2].partition(" ")[0])


def _wait_for_the_end_of_all(group: int) -> None:
    deadline = time.monotonic() + SECONDS_TO_END
    while left := _processes_of(group):
        assert time.monotonic() < deadline, f"these are still there: {left}"
        time.sleep(SECONDS_TO_LOOK)


def _processes_of(group: int) -> list[str]:
    """The processes of a group that haven't ended."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            name, _, rest = stat.read_text().rpartition(")")
        except OSError:  # it has just ended
            continue
        state, _, its_group = rest.split()[:3]
        if int(its_group) == group and state not in "ZX":
            found.append(name)
    return found


def _check_what_is_served(home: Path) -> None:
    """Whatever has a version number is a whole model that a Trainer made."""
    made = list(home.glob(f"artifacts/Trainer/model/*/{SERVED_MODEL}"))
    for version in versions(str(home / "pushed")) if (home / "pushed").is_dir() else ():
        folder = str(home / "pushed" / str(version))
        assert any(is_same_model(folder, str(model)) for model in made), f"{folder} is no whole model"


def _check_metadata(home: Path) -> None:
    file = home / "metadata.sqlite"
    if file.is_file():
        with closing(sqlite3.connect(file)) as connection:
            assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


def _check_goes_on(records: Sequence[RunRecord]) -> None:
    """What a run had finished comes from the cache in every later one."""
    whole: set[str] = set()
    for record in records:
        anew = {step.name for step in record.steps if not step.cached}
        # The last step of a run whose child was killed is the one that was at work.
        finished = record.steps[:-1] if record.error and record.steps else record.steps
        again = whole & anew - ({record.error.place} if record.error else set())
        assert not again, f"{record.run_id} did {again} again"
        whole |= {step.name for step in finished}


def _check_same(record: RunRecord, reference: RunRecord) -> None:
    assert record.status == reference.status
    assert record.counts == reference.counts
    assert set(record.metrics) == set(reference.metrics)
    differing = {
        name: (value, reference.metrics[name])
        for name, value in record.metrics.items()
        if abs(value - reference.metrics[name]) > SAME * max(1.0, abs(value))
    }
    assert not differing, differing


def _litter(home: Path) -> list[str]:
    """What interrupted runs left."""
    found = [str(path) for path in home.rglob("*") if ".partial" in path.name or path.name.startswith(UNFINISHED)]
    with closing(sqlite3.connect(home / "metadata.sqlite")) as connection:
        running = connection.execute("SELECT id FROM Execution WHERE last_known_state = ?", [RUNNING]).fetchall()
        uris = {row[0] for row in connection.execute("SELECT uri FROM Artifact").fetchall()}
    found += [f"execution {number} is running" for (number,) in running]
    outputs = [path for path in home.glob("artifacts/*/*/*") if path.parent.name != ".system"]
    found += [str(path) for path in outputs if path.parent.parent.name != ".system" and str(path) not in uris]
    found += [str(path) for path in home.glob("artifacts/*/.system/executor_execution/*/.temp")]
    found += [str(path) for path in home.glob("artifacts/*/.system/stateful_working_dir/*")]
    return found
