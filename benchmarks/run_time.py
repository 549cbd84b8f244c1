"""Whole runs of a pipeline by two checkouts, side by side: wall time, processor time, and time by step.

    .venv/bin/python benchmarks/run_time.py --before FOLDER                    # `digits`, three runs each, in turn
    .venv/bin/python benchmarks/run_time.py --before FOLDER --runs 5
    .venv/bin/python benchmarks/run_time.py higgs --data-dir HIGGS.csv.gz --before FOLDER --runs 1 \
      --set data.split.train_rows=9484 --set data.split.test_rows=500

FOLDER is another checkout with its own environment in .venv (`git worktree add FOLDER COMMIT && make -C FOLDER setup`).
Each run has an output folder of its own, so that nothing comes from a cache; the pipeline's own data and the pretrained
weights are fetched before, by a run of each that doesn't count. The first executor starts when TFX makes its folder.
The processor time is that of all of a run's processes. Of each figure the lowest of all runs is printed, as others on
the machine only make it higher, and the ratio of the two.
"""

import argparse
import bisect
import json
import os
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import psutil

HERE = Path(__file__).parents[1]
SECONDS_BETWEEN_LOOKS = 0.05
FIRST_EXECUTOR = "*/artifacts/*/.system/executor_execution/1"
WALL, PROCESSOR, FIRST, MEMORY = "wall time", "processor time", "until the first executor", "peak memory, GB"

Figures = dict[str, float]


def main() -> None:
    """Runs both in turn and prints the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("pipeline", nargs="?", default="digits")
    parser.add_argument("--before", type=Path, required=True, help="the other checkout")
    parser.add_argument("--runs", type=int, default=3, help="of each")
    parser.add_argument("--cold", action="store_true", help="count the first run of each, too")
    arguments, options = parser.parse_known_args()
    checkouts = {"before": arguments.before.absolute(), "now": HERE}
    measured: dict[str, list[Figures]] = {name: [] for name in checkouts}
    for number in range(arguments.runs + (not arguments.cold)):
        for name, checkout in checkouts.items():
            found = run(checkout, arguments.pipeline, options)
            if number or arguments.cold:
                measured[name].append(found)
            print(f"{name}: {found[WALL]:.1f} s", file=sys.stderr, flush=True)
    print_table(lowest(measured["before"]), lowest(measured["now"]))


def run(checkout: Path, pipeline: str, options: Sequence[str]) -> Figures:
    """Runs a pipeline once, with nothing in its caches; returns what it took, in seconds."""
    with tempfile.TemporaryDirectory() as folder:
        command = [checkout / ".venv/bin/transferline", "run", pipeline, "--output-dir", folder, *options]
        begun, first = time.monotonic(), 0.0
        looked: list[tuple[float, float]] = [(0.0, 0.0)]
        with open(f"{folder}/screen", "wb") as screen:
            process = psutil.Popen(command, cwd=checkout, stdout=screen, stderr=screen)
            ended, status, usage = os.wait4(process.pid, os.WNOHANG)
            while not ended:
                now = time.monotonic() - begun
                if not first and any(Path(folder).glob(FIRST_EXECUTOR)):
                    first = now
                looked.append((now, max(looked[-1][1], processor_seconds(process))))
                time.sleep(SECONDS_BETWEEN_LOOKS)
                ended, status, usage = os.wait4(process.pid, os.WNOHANG)
        wall = time.monotonic() - begun
        if os.waitstatus_to_exitcode(status) not in (0, 3):  # pushed, not blessed
            raise RuntimeError(Path(folder, "screen").read_text(encoding="utf-8"))
        (file,) = Path(folder).glob("*/runs/*.json")
        record = json.loads(file.read_text(encoding="utf-8"))
    processor = usage.ru_utime + usage.ru_stime
    looked.append((wall, processor))
    start = wall - record["seconds"]  # of the process that computes; it ends the run
    walls = {step["name"]: step["seconds"] for step in record["steps"]}
    of_steps = {
        f"{step['name']}, processor": used(looked, start + step["started"], start + step["started"] + step["seconds"])
        for step in record["steps"]
    }
    return {
        WALL: wall,
        PROCESSOR: processor,
        FIRST: first,
        MEMORY: usage.ru_maxrss / 2**20,
        **walls,
        "all else": wall - sum(walls.values()),
        **of_steps,
        "all else, processor": processor - sum(of_steps.values()),
    }


def processor_seconds(process: psutil.Process) -> float:
    """Returns what a process and those that it started have used so far."""
    total = 0.0
    try:
        for each in [process, *process.children(recursive=True)]:
            times = each.cpu_times()
            total += times.user + times.system + times.children_user + times.children_system
    except psutil.NoSuchProcess:  # it ended between two looks, and the next look finds it with its parent
        return 0.0
    return total


def used(looked: Sequence[tuple[float, float]], begin: float, end: float) -> float:
    """Returns the processor seconds between two times, by the looks (time, seconds so far) next to them."""
    last = len(looked) - 1
    return looked[min(bisect.bisect(looked, (end,)), last)][1] - looked[min(bisect.bisect(looked, (begin,)), last)][1]


def lowest(runs: Sequence[Figures]) -> Figures:
    """Returns the lowest of each figure."""
    return {name: min(found[name] for found in runs) for name in runs[0]}


def print_table(before: Mapping[str, float], now: Mapping[str, float]) -> None:
    """Prints the figures of both, and the ratio of the two."""
    print("| | before | now | ratio |\n| --- | --- | --- | --- |")
    for name in dict.fromkeys([*before, *now]):
        cells = [f"{found[name]:.2f}" if name in found else "" for found in (before, now)]
        ratio = f"{now[name] / before[name]:.2f}" if before.get(name) and name in now else ""
        print(f"| {name} | {cells[0]} | {cells[1]} | {ratio} |")


if __name__ == "__main__":
    main()
