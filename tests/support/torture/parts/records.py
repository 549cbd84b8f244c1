"""Records of runs that somebody, or a fault of the disk, has changed: each command that reads them still answers."""

import json
import os
from pathlib import Path
from random import Random

from in_process import transferline

from components.outcome import Failure, Step, ThresholdCheck
from pipeline.runs.record import Counts, RunRecord
from torture.mutation import HOSTILE_TEXTS, json_bytes, spoiled_bytes, spoiled_tree
from torture.part import Part

COMMANDS = (
    ("runs", "digits"),
    ("runs", "digits", "--json"),
    ("compare", "digits", "previous", "latest"),
    ("compare", "digits", "latest", "previous", "--json"),
    ("clean", "digits"),
    ("clean", "digits", "--keep", "1", "--yes"),
    ("rollback", "digits"),
    ("list",),
)
PUSHED = RunRecord(
    run_id="20260101T000000-00001",
    status="pushed",
    seconds=61.5,
    steps=(Step(name="Trainer", seconds=12.5, cached=False), Step(name="Pusher", seconds=0.5, cached=True)),
    counts=Counts(train=8, eval=1, test=1),
    notes=("One column isn't learned from.",),
    metrics={"accuracy": 0.75, "auc": 0.8},
    intervals={"accuracy": (0.7, 0.8)},
    thresholds=(
        ThresholdCheck(
            metric="accuracy", slice="all examples", kind="at_least", value=0.75, bound=0.5, baseline=0.7, passed=True
        ),
    ),
    model_uri="pushed/1795633097",
    config={"trainer": {"seed": 1}},
    state="0",
)
FAILED = RunRecord(
    run_id="20260102T000000-00001",
    status="failed",
    steps=PUSHED.steps[:1],
    error=Failure(cause="The disk is full.", place="Pusher", cure="Make room."),
    log="logs/a.log",
    report="reports/a.html",
)
RUNNING = FAILED.model_copy(update={"run_id": "20260103T000000-00001", "status": "running", "error": None})


def run(random: Random, folder: Path) -> str:
    """Spoils one of three records, and gives one command."""
    home = folder / "out" / "digits"
    (home / "runs").mkdir(parents=True)
    records = [PUSHED, FAILED, RUNNING]
    random.shuffle(records)
    for number, record in enumerate(records):
        data = record.model_dump_json().encode()
        if number == 0:
            data = random.choice((spoiled_bytes, _with_other_values))(random, data)
        (home / "runs" / f"{_name(random, record)}.json").write_bytes(data)
    command = random.choice(COMMANDS)
    variables = {"HOME": str(folder), "TRANSFERLINE_HOME": str(folder / "out"), "PATH": os.environ["PATH"]}
    where = () if command == ("list",) else ("--output-dir", folder / "out")
    ended = transferline(*command, *where, env=variables, cwd=folder)
    return f"{command[0]}: {'refused' if ended.returncode else 'answered'}"


def _with_other_values(random: Random, data: bytes) -> bytes:
    return json_bytes(spoiled_tree(random, json.loads(data)))


def _name(random: Random, record: RunRecord) -> str:
    if random.random() > 0.1:
        return record.run_id
    # What a file's name can't have is left out.
    return "".join(sign for sign in random.choice(HOSTILE_TEXTS) if sign not in "/\x00\ud800")[:100] or "0"


PART = Part(name="records", cases=20_000, run=run)
