"""Runs of one pipeline, one after another in one folder, with a `clean` after each: what grows?

    .venv/bin/python benchmarks/long.py --runs 50 --keep 3

Each run has another seed, so that it trains, evaluates and pushes anew; every tenth has other data, so that all is
computed anew. All are started by this process, as a service would that lives long. Measured for each: the processor
seconds of the run (its own and its child's), the most memory and the most open files that its child had, this process's
memory and open files, and the folder before and after `clean`. At the end stand the slopes of straight lines through
the figures, by run.
"""

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

import transferline

NAME = "higgs_toy"
SETTINGS = {
    "source.rows": 1200,
    "data.split.eval_rows": 300,
    "data.split.test_rows": 300,
    "trainer.models": {"tiny": {"widths": [8]}},
    "trainer.max_epochs": 3,
    "evaluation.thresholds": [{"metric": "auc", "at_least": 0.1}],
    "evaluation.slices": ["label"],
}
NEW_DATA = 10
COLUMNS = (
    "status",
    "cpu s",
    "child MiB",
    "child files",
    "own MiB",
    "own files",
    "MB",
    "MB after",
    "files after",
    "db KB",
)
SECONDS_TO_LOOK = 0.2


def main() -> None:
    """Runs, cleans, and prints a line a run."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=50)
    parser.add_argument("--keep", type=int, default=3)
    arguments = parser.parse_args()
    figures = []
    print(" run  " + "  ".join(f"{column:>11}" for column in COLUMNS))
    with tempfile.TemporaryDirectory() as output_dir:
        for number in range(arguments.runs):
            row = _run(number, output_dir, arguments.keep)
            print(f"{number:>4}  " + "  ".join(f"{value:>11}" for value in row), flush=True)
            figures.append(row[1:])
    # The first of those that compute all anew, and the runs until `clean` has something to remove, are no measure.
    begin = min(arguments.keep + 1, arguments.runs - 2)
    cached = [number for number in range(begin, arguments.runs) if number % NEW_DATA]
    slopes = np.polyfit(cached, np.array(figures, dtype=float)[cached], 1)[0]
    print("slope " + "  ".join(f"{value:>11}" for value in ("", *(f"{slope:.3f}" for slope in slopes))))


def _run(number: int, output_dir: str, keep: int) -> tuple[str, ...]:
    settings = SETTINGS | {"trainer.seed": number, "source.seed": number // NEW_DATA}
    pipeline = transferline.load(NAME, settings, output_dir=output_dir)
    before = _processor_seconds()
    with _watched() as most, open(os.devnull, "w") as nowhere, _stdout_to(nowhere.fileno()):
        record = pipeline.run()
    seconds = _processor_seconds() - before
    home = Path(output_dir) / NAME
    full = _bytes_below(home)
    subprocess.run(
        [sys.executable, "-m", "pipeline", "clean", NAME, "--keep", str(keep), "--yes", "--output-dir", output_dir],
        check=True,
        stdout=subprocess.DEVNULL,
    )
    own = _status("self", "VmRSS"), _files("self")
    after = _bytes_below(home), sum(1 for path in home.rglob("*") if path.is_file())
    return (
        record.status,
        f"{seconds:.1f}",
        *map(str, (most["VmHWM"], most["files"], *own)),
        f"{full / 1e6:.2f}",
        f"{after[0] / 1e6:.2f}",
        str(after[1]),
        f"{(home / 'metadata.sqlite').stat().st_size / 1000:.0f}",
    )


@contextmanager
def _watched() -> Iterator[dict[str, int]]:
    """Yields the most memory, in MiB, and the most open files of any child, as far as looks now and then tell."""
    most, ended = {"VmHWM": 0, "files": 0}, threading.Event()

    def look() -> None:
        while not ended.wait(SECONDS_TO_LOOK):
            for child in Path(f"/proc/self/task/{os.getpid()}/children").read_text().split():
                most["VmHWM"] = max(most["VmHWM"], _status(child, "VmHWM"))
                most["files"] = max(most["files"], _files(child))

    thread = threading.Thread(target=look)
    thread.start()
    try:
        yield most
    finally:
        ended.set()
        thread.join()


@contextmanager
def _stdout_to(file: int) -> Iterator[None]:
    """Sends the file descriptor of stdout elsewhere: a run is shown by it."""
    sys.stdout.flush()
    before = os.dup(1)
    os.dup2(file, 1)
    try:
        yield
    finally:
        os.dup2(before, 1)
        os.close(before)


def _status(process: str, name: str) -> int:
    try:
        status = Path(f"/proc/{process}/status").read_text()
    except OSError:  # it has ended
        return 0
    return int(status.partition(f"{name}:")[2].split()[0]) // 1024 if name in status else 0


def _files(process: str) -> int:
    try:
        return len(os.listdir(f"/proc/{process}/fd"))
    except OSError:
        return 0


def _processor_seconds() -> float:
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(each.ru_utime + each.ru_stime for each in used)


def _bytes_below(folder: Path) -> int:
    return sum(path.lstat().st_size for path in folder.rglob("*") if path.is_file())


if __name__ == "__main__":
    main()
