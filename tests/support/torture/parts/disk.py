"""Runs of a small `higgs_toy` on disks too small for them; then each gets room, and goes on.

The disks are mounted in a namespace of the user's own: what doesn't fit is refused by the kernel.
"""

import os
import sys
from math import exp, log
from pathlib import Path
from random import Random
from subprocess import CompletedProcess

from small_disk import SmallDisk, small_disk

from components.pusher.versions import SAVED_MODEL_FILE, versions
from pipeline.runs.ending import BEFORE_THE_FIRST_STEP
from pipeline.runs.record import RunRecord, RunStore
from pipeline.runs.room import RESERVE
from torture.part import Part

SETTINGS = (
    "source.rows=3000",
    "data.split.eval_rows=500",
    "data.split.test_rows=500",
    "trainer.max_epochs=6",
    'evaluation.thresholds=[{"metric": "auc", "at_least": 0.0}]',
    "evaluation.better_than_guessing=false",
)
LEAST_KB, MOST_KB = 100, 16_000
"""From a disk on which a run can't even begin to one that has room for all of it; as many of 1 MB as of 10."""

ROOM = "size=256m"


def run(random: Random, folder: Path) -> str:
    """Fills a disk by a run, looks at what that says and leaves, and runs again with room."""
    size = round(exp(random.uniform(log(LEAST_KB), log(MOST_KB))))
    (folder / "disk").mkdir()
    with small_disk(folder / "disk", f"size={size}k") as disk:
        home = disk.path / "out" / "higgs_toy"
        verdict = _looked_at(_command(disk, folder, "run"), home)
        _is_tidy(home)
        if (home / "runs").is_dir():
            done = _command(disk, folder, "clean", "--yes")
            assert done.returncode == 0, done.stderr
        disk.resize(ROOM)
        done = _command(disk, folder, "run")
        record = _last(home)
        assert (done.returncode, record.status) == (0, "pushed"), done.stdout + done.stderr
        assert _seen(disk, record.report).is_file(), done.stdout
        _is_tidy(home)
    return verdict


def _looked_at(done: CompletedProcess[str], home: Path) -> str:
    record = _last(home)
    if record is None:
        assert done.returncode == 1, done.stdout
        assert "transferline: The disk is full: " in done.stderr, done.stderr
        return "refused: the disk is full"
    pushed = [str(number) for number in versions(str(home / "pushed"))] if (home / "pushed").is_dir() else []
    assert all((home / "pushed" / number / SAVED_MODEL_FILE).is_file() for number in pushed), pushed
    assert [os.path.basename(record.model_uri)] * bool(record.model_uri) == pushed, record
    if record.status == "pushed":
        assert done.returncode == 0, done.stdout
        if record.report:
            return "pushed"
        (note,) = [note for note in record.notes if note.startswith("The report couldn't be drawn. The disk is full: ")]
        assert note in done.stdout, done.stdout
        return "pushed, and its page told missing"
    assert (done.returncode, record.status) == (1, "failed"), done.stdout
    error = record.error
    assert error is not None
    assert error.cause.startswith("The disk is full: a file didn't fit into the "), error
    assert error.cause in done.stdout, done.stdout
    assert "transferline clean" in error.cure, error
    assert error.place in (BEFORE_THE_FIRST_STEP, *(step.name for step in record.steps)), error
    return f"full {error.place}" if error.place == BEFORE_THE_FIRST_STEP else f"full in {error.place}"


def _is_tidy(home: Path) -> None:
    left = [path for path in home.rglob("*") if path.name.endswith(".partial") or path.name.startswith(".pushing-")]
    assert left == [], left
    assert not (home / RESERVE).exists()


def _last(home: Path) -> RunRecord | None:
    return RunStore(str(home)).last()


def _seen(disk: SmallDisk, path: str) -> Path:
    """A path of the disk's own processes, as this one sees it."""
    return disk.path / Path(path).relative_to(disk.folder)


def _command(disk: SmallDisk, folder: Path, *arguments: str) -> CompletedProcess[str]:
    settings = [f"--set={setting}" for setting in SETTINGS]
    variables = [f"PYTHONPATH={os.pathsep.join(sys.path)}", f"TRANSFERLINE_CACHE={folder / 'cache'}"]
    name, *options = arguments
    output_dir = f"--output-dir={disk.folder / 'out'}"
    return disk.run(
        "env", *variables, sys.executable, "-m", "pipeline", name, "higgs_toy", output_dir, *settings, *options
    )


PART = Part(name="disk", cases=24, run=run, sample=0, seconds=900)
