"""`higgs_toy` from a file of rows to a pushed model at several sizes: time, processor and memory of each step.

    .venv/bin/python benchmarks/higgs_whole.py                                          # 200,000 and 1,000,000 rows
    .venv/bin/python benchmarks/higgs_whole.py --rows 1000000 4000000 11000000 --gz     # as large as HIGGS
    .venv/bin/python benchmarks/higgs_whole.py --plot cost.html

One network, `medium`, is trained for 10 epochs in batches of 10,000; of 22 rows one validates and one tests, which for
11,000,000 are the 500,000 that HIGGS has for it. A run of 22,000 rows comes first: what it takes is called the fixed
cost, and the cost a row is given without it. Processor time and memory are those of the command and all that it
started, looked at ten times a second; memory that processes share counts for each of them.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

import numpy as np
import psutil
from plots import plot_costs

PIPELINE, BATCH, SPLIT_SHARE, FIXED_ROWS = "higgs_toy", 10_000, 22, 22_000
SECONDS_BETWEEN_LOOKS = 0.1


class Sample(NamedTuple):
    """What all processes have taken up to a time: seconds since the start, processor seconds, bytes."""

    at: float
    processor: float
    memory: int


class StepCost(NamedTuple):
    """A step, or the whole: seconds, processor seconds, and the most bytes at a time."""

    name: str
    wall: float
    processor: float
    memory: int


def main() -> None:
    """Runs all sizes."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, nargs="+", default=[200_000, 1_000_000])
    parser.add_argument("--gz", action="store_true", help="from .csv.gz instead of .csv")
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--set", action="append", default=[], help="a setting of the pipeline")
    parser.add_argument("--plot", type=Path, metavar="FILE.html", help="draw cost against size")
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="leave data and runs there; temporary if not given")
    arguments = parser.parse_args()
    whole: dict[int, StepCost] = {}
    with tempfile.TemporaryDirectory() as scratch:
        for rows in (FIXED_ROWS, *arguments.rows):
            folder = (arguments.keep or Path(scratch)) / str(rows)
            steps = run(rows, folder, arguments)
            report(rows, steps)
            whole[rows] = steps[-1]
            if not arguments.keep:
                shutil.rmtree(folder)
    if arguments.plot:
        draw(whole, arguments.plot)
    fixed = whole.pop(FIXED_ROWS)
    print(f"\n{'rows':>12} {'wall s':>8} {'wall us/row':>12} {'CPU us/row':>11} {'peak MB':>8}")
    for rows, cost in whole.items():
        wall, processor = (1e6 * each for each in per_row(rows, cost, fixed))
        print(f"{rows:>12,} {cost.wall:>8.1f} {wall:>12.2f} {processor:>11.2f} {cost.memory / 1e6:>8,.0f}")


def run(rows: int, folder: Path, arguments: argparse.Namespace) -> list[StepCost]:
    """Makes the data, if it isn't there, and runs the pipeline; returns the cost of each step, the whole last."""
    folder.mkdir(parents=True, exist_ok=True)
    data, home = folder / ("rows.csv.gz" if arguments.gz else "rows.csv"), folder / "home"
    if not data.exists():
        _, samples = watched([sys.executable, "-m", "pipeline", "data", PIPELINE, f"--rows={rows}", f"--out={data}"])
        print(f"\n{rows:,} rows written in {samples[-1].at:.1f} s: {data.stat().st_size / 1e6:,.0f} MB", flush=True)
    settings = (
        'trainer.models={"medium": {"widths": [64, 64, 64]}}',
        f"trainer.batch_size={BATCH}",
        f"trainer.max_epochs={arguments.epochs}",
        f"data.split.eval_rows={rows // SPLIT_SHARE}",
        f"data.split.test_rows={rows // SPLIT_SHARE}",
        *arguments.set,
    )
    command = [sys.executable, "-m", "pipeline", "run", PIPELINE, f"--data-dir={data}", f"--output-dir={home}"]
    said, samples = watched([*command, *(f"--set={setting}" for setting in settings)])
    records = sorted((home / PIPELINE / "runs").glob("*.json"))
    if not records:
        raise RuntimeError(said[-2000:])
    record = json.loads(records[-1].read_text())
    if record["status"] not in ("pushed", "not_blessed"):
        raise RuntimeError(record["error"])
    print(f"{record['status']}, {', '.join(f'{k} {v:.4f}' for k, v in record['metrics'].items() if k == 'auc')}")
    # The record is closed by the last that the command does.
    began = samples[-1].at - record["seconds"]
    steps = [cost_between(samples, "start", 0.0, began + record["steps"][0]["started"])]
    for step in record["steps"]:
        at = began + step["started"]
        steps.append(cost_between(samples, step["name"], at, at + step["seconds"]))
    return [*steps, cost_between(samples, "whole", 0.0, samples[-1].at)]


def watched(command: list[str]) -> tuple[str, list[Sample]]:
    """Runs a command and looks at its processes; returns what it said, and what was seen."""
    with tempfile.TemporaryFile("w+") as said:
        began = time.perf_counter()
        process = subprocess.Popen(command, stdout=said, stderr=subprocess.STDOUT)
        samples, seen = [Sample(0.0, 0.0, 0)], dict[int, float]()
        ended = threading.Event()
        looking = threading.Thread(target=look, args=(process.pid, began, samples, seen, ended))
        looking.start()
        _, _, usage = os.wait4(process.pid, 0)
        wall = time.perf_counter() - began
        ended.set()
        looking.join()
        samples.append(Sample(wall, max(samples[-1].processor, usage.ru_utime + usage.ru_stime), 0))
        said.seek(0)
        return said.read(), samples


def look(process: int, began: float, samples: list[Sample], seen: dict[int, float], ended: threading.Event) -> None:
    """Adds a sample again and again."""
    with suppress(psutil.NoSuchProcess):
        top = psutil.Process(process)
        while not ended.wait(SECONDS_BETWEEN_LOOKS):
            memory = 0
            for each in (top, *top.children(recursive=True)):
                with suppress(psutil.NoSuchProcess):
                    times = each.cpu_times()
                    seen[each.pid] = times.user + times.system
                    memory += each.memory_info().rss
            samples.append(Sample(time.perf_counter() - began, sum(seen.values()), memory))


def cost_between(samples: list[Sample], name: str, begin: float, end: float) -> StepCost:
    """What was taken between two times."""
    times, processor, memory = zip(*samples, strict=True)
    before, after = np.interp([begin, end], times, processor)
    within = [held for at, held in zip(times, memory, strict=True) if begin <= at <= end]
    return StepCost(name, end - begin, float(after - before), max(within, default=0))


def per_row(rows: int, cost: StepCost, fixed: StepCost) -> tuple[float, float]:
    """Wall and processor seconds a row, without the fixed cost."""
    more = rows - FIXED_ROWS
    return (cost.wall - fixed.wall) / more, (cost.processor - fixed.processor) / more


def report(rows: int, steps: list[StepCost]) -> None:
    """Prints a table."""
    print(f"\n{f'{rows:,} rows':<24} {'wall s':>8} {'CPU s':>8} {'cores':>6} {'peak MB':>8}")
    for step in steps:
        cores = step.processor / step.wall if step.wall else 0.0
        print(f"{step.name:<24} {step.wall:>8.1f} {step.processor:>8.1f} {cores:>6.2f} {step.memory / 1e6:>8,.0f}")
    sys.stdout.flush()


def draw(whole: dict[int, StepCost], file: Path) -> None:
    """Draws time and memory against the number of rows."""
    seconds = {
        "wall": {rows: cost.wall for rows, cost in whole.items()},
        "of the processor": {rows: cost.processor for rows, cost in whole.items()},
    }
    memory = {"memory of all processes": {rows: cost.memory / 1e6 for rows, cost in whole.items()}}
    plot_costs(seconds, memory, title="higgs_toy, from the file to the pushed model", size="rows", file=file)


if __name__ == "__main__":
    main()
