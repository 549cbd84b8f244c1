"""Whole runs of a pipeline by two checkouts, side by side: wall time, processor time, and time by step.

    .venv/bin/python benchmarks/run_time.py --before FOLDER                    # `digits`, three runs each, in turn
    .venv/bin/python benchmarks/run_time.py --before FOLDER --runs 5
    .venv/bin/python benchmarks/run_time.py higgs --data-dir HIGGS.csv.gz --before FOLDER --runs 1 \
      --set data.split.train_rows=9484 --set data.split.test_rows=500

FOLDER is another checkout with its own environment in .venv (`git worktree add FOLDER COMMIT && make -C FOLDER setup`).
Each run has an output folder of its own, so that nothing comes from a cache; the pipeline's own data and the pretrained
weights are fetched before, by a run of each that doesn't count. The first executor starts when TFX makes its folder. Of
each figure the lowest of all runs is printed, as others on the machine only make it higher, and the ratio of the two.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

HERE = Path(__file__).parents[1]
SECONDS_BETWEEN_LOOKS = 0.01
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
        with open(f"{folder}/screen", "wb") as screen:
            process = subprocess.Popen(command, cwd=checkout, stdout=screen, stderr=screen)
            ended, status, usage = os.wait4(process.pid, os.WNOHANG)
            while not ended:
                if not first and any(Path(folder).glob(FIRST_EXECUTOR)):
                    first = time.monotonic() - begun
                time.sleep(SECONDS_BETWEEN_LOOKS)
                ended, status, usage = os.wait4(process.pid, os.WNOHANG)
        wall = time.monotonic() - begun
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode not in (0, 3):  # pushed, not blessed
            raise RuntimeError(Path(folder, "screen").read_text(encoding="utf-8"))
        (record,) = Path(folder).glob("*/runs/*.json")
        steps = json.loads(record.read_text(encoding="utf-8"))["steps"]
    return {
        WALL: wall,
        PROCESSOR: usage.ru_utime + usage.ru_stime,
        FIRST: first,
        MEMORY: usage.ru_maxrss / 2**20,
        **{step["name"]: step["seconds"] for step in steps},
        "all else": wall - sum(step["seconds"] for step in steps),
    }


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
