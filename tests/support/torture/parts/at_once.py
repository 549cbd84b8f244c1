"""Two runs, a `clean`, a `rollback` and twenty `predict` at once on one pipeline: nothing is lost, nothing doubled."""

from collections import Counter
from pathlib import Path
from random import Random

import old_home
from side_by_side import SideBySide, faults

from pipeline.runs.record import RunStore
from torture.part import Part

PREDICTS, ROWS = 20, 8
SPREAD = 60.0
"""Seconds over which they begin: so much, or less, than the first run takes."""


def run(random: Random, folder: Path) -> str:
    """Gives all of them within a minute, and counts those that were refused."""
    pipeline = SideBySide(folder, ROWS)
    seeds = random.choices((1, 2, 3), k=2)
    clean = ("clean", old_home.NAME, "--keep", str(random.randint(1, 3)), "--yes", "--wait")
    commands = [
        *map(pipeline.run, seeds),
        random.choice([clean, clean[:-1]]),
        ("rollback", old_home.NAME, random.choice(old_home.PUSHED), "--wait"),
        *[pipeline.predict()] * PREDICTS,
    ]
    ended = pipeline.give(commands, [random.uniform(0, SPREAD) for _ in commands])
    broken = faults(pipeline.home)
    for done in ended:
        if "Traceback" in done.stdout + done.stderr:
            broken.append(f"{done.args[0]} ends with a traceback: {done.stderr[-500:]}")
        if done.args[0] == "predict" and (done.returncode or len(done.stdout.splitlines()) != ROWS):
            broken.append(f"predict ended with {done.returncode}: {done.stderr[-500:]}")
        if done.args[0] == "run" and done.returncode and not _is_withheld(done.stdout + done.stderr):
            broken.append(f"run ended with {done.returncode}: {(done.stdout + done.stderr)[-500:]}")
    records = [record for record in RunStore(str(pipeline.home)).runs() if record.run_id not in old_home.RUNS]
    if any(record.status != "pushed" and not (record.error and _is_withheld(record.error.cause)) for record in records):
        broken.append(f"runs ended as {[record.status for record in records]}")
    if broken:
        raise AssertionError("; ".join(broken))
    refused = Counter(done.args[0] for done in ended if done.returncode)
    return "all went on" + "".join(f", {name} refused" for name in sorted(refused))


def _is_withheld(said: str) -> bool:
    """Whether a run was refused, or its Pusher, to push again what the rollback went back from."""
    return "somebody went back" in said.lower()


PART = Part(name="at_once", cases=10, run=run, sample=0, refusals=False, seconds=900)
