"""When is another engine worth it? The cost of each Beam step against rows, on `local` and on a job service's workers.

    .venv/bin/python benchmarks/engines.py --results costs.jsonl --plot costs.html
    .venv/bin/python benchmarks/engines.py --results costs.jsonl --data HIGGS.csv.gz       # instead of simulated rows
    .venv/bin/python benchmarks/engines.py --results costs.jsonl --rows 10000 100000 --workers 1 --repeats 1
    .venv/bin/python benchmarks/engines.py --results costs.jsonl --before FOLDER           # `local` of another checkout
    .venv/bin/python benchmarks/engines.py --results photos.jsonl --photos FOLDER --rows 500 5000
    .venv/bin/python benchmarks/engines.py --results costs.jsonl --show                    # the tables of what is there

Each figure is of a whole run in a folder of its own, of which the steps are taken; the engines take turns. The job
service is Beam's, as `make engines-test` starts it, but its workers start as in the field, with nothing imported. The
processor's time is asked of the processes ten times a second: of the run, of the service, and of the workers. Whoever
is interrupted starts it again: what the file of results has isn't measured again. FOLDER of `--before` is a checkout
with its own environment in .venv.

A line is fitted to the processor's seconds against rows, where errors count by their share. By these lines the last
table says from how many rows on W workers are faster than `local`, if each process has a core of its own: what the
workers do for each row is then divided by W; what they do once, what the service does, and what the run does stay.
"""

import argparse
import json
import os
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple, TextIO

import numpy as np
import psutil
from plots import plot_steps
from run_time import used

HERE = Path(__file__).parents[1]
SERVICE = HERE / "tests/support/beam_workers.py"
SECONDS_BETWEEN_LOOKS = 0.1
EVAL_SHARE, TEST_SHARE = 20, 4
"""One row of so many validates, and one tests; all others train, as Transform has them."""

ROWS = (10_000, 100_000, 300_000, 1_000_000, 3_000_000)
ROW_STEPS = ("CsvExampleGen", "StatisticsGen", "Transform", "Evaluator")
PHOTOS, PHOTO_STEPS = (500, 2_000, 8_000), ("ImageExampleGen",)
EXTRAPOLATED = (2, 4, 8, 16, 32)
LOCAL, BEFORE = "local", "local, before"

IMPORTS = {
    "CsvExampleGen": "components.csv_example_gen.beam_pipeline",
    "ImageExampleGen": "components.image_example_gen.beam_pipeline",
    "StatisticsGen": "components.statistics_gen.accumulate",
    "Transform": "components.transform.reading",
    "Evaluator": "components.evaluator.answers",
}
"""What the workers of a step import, besides Beam's worker itself."""
WORKER = "apache_beam.runners.worker.sdk_worker"

FIXED = (
    "fixed, s of the processor",
    "the run, more than locally",
    "service",
    "worker",
    "of it Beam's own imports",
    "those of the step",
    "other",
    "a worker's start to the end of its first bundle, wall s",
)

ROLES = ("run", "service", "workers")
Looks = dict[str, list[tuple[float, float]]]


class Cost(NamedTuple):
    """What one step took in one run.

    Attributes:
        step: The component.
        engine: "local", or how many workers.
        rows: Of the table; or photos.
        repeat: Which run of these.
        seconds: Wall time.
        run: Processor seconds of the process that submits.
        service: Those of the job service, through which all elements go.
        workers: Those of all workers.
        first: Wall time from a worker's start to the end of its first bundle; 0 without workers.
    """

    step: str
    engine: str
    rows: int
    repeat: int
    seconds: float
    run: float
    service: float
    workers: float
    first: float

    @property
    def processor(self) -> float:
        """Processor seconds of all."""
        return self.run + self.service + self.workers


class Line(NamedTuple):
    """A cost: what it is without any rows, and what a million of them add."""

    fixed: float
    per_million: float


def main() -> None:
    """Measures what isn't there yet; prints the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--results", type=Path, required=True, metavar="FILE.jsonl", help="figures, a line each")
    parser.add_argument("--rows", type=int, nargs="+", help="sizes; of photos with --photos")
    parser.add_argument("--workers", type=int, nargs="*", default=[1, 2], help="of the job service; none: local alone")
    parser.add_argument("--steps", nargs="+", help="those in the tables and the plot")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--data", type=Path, help="a file in the columns of HIGGS, whose first rows are taken")
    parser.add_argument("--photos", type=Path, help="class folders; instead of rows")
    parser.add_argument(
        "--before", type=Path, metavar="FOLDER", help="another checkout, run on `local` in turn with this"
    )
    parser.add_argument("--plot", type=Path, metavar="FILE.html")
    parser.add_argument("--show", action="store_true", help="measure nothing")
    arguments = parser.parse_args()
    arguments.rows = arguments.rows or (PHOTOS if arguments.photos else ROWS)
    arguments.steps = arguments.steps or (PHOTO_STEPS if arguments.photos else ROW_STEPS)
    if not arguments.show:
        measure(arguments)
    costs, imports = read(arguments.results)
    costs = [cost for cost in costs if cost.step in arguments.steps]
    print_tables(costs, imports)
    if arguments.plot:
        draw(costs, arguments.plot)


def read(results: Path) -> tuple[list[Cost], list[dict[str, Any]]]:
    """Returns the costs, and what imports took, of a file that may not be there yet."""
    lines = results.read_text().splitlines() if results.is_file() else []
    found = [json.loads(line) for line in lines]
    return [Cost(**each) for each in found if "engine" in each], [each for each in found if "module" in each]


def measure(arguments: argparse.Namespace) -> None:
    """Adds to the file of results what isn't in it."""
    costs, imports = read(arguments.results)
    checkouts = {LOCAL: HERE} | ({BEFORE: arguments.before.absolute()} if arguments.before else {})
    names = [*checkouts, *map(workers_name, arguments.workers)]
    done = {(cost.rows, cost.engine, cost.repeat) for cost in costs}
    steps = PHOTO_STEPS if arguments.photos else ROW_STEPS
    with arguments.results.open("a") as file:
        for rows in arguments.rows:
            missing = [
                (repeat, name)
                for repeat in range(arguments.repeats)
                for name in names
                if (rows, name, repeat) not in done
            ]
            if not missing:
                continue
            with tempfile.TemporaryDirectory() as folder:
                data = written(rows, Path(folder), arguments)
                for repeat, name in missing:
                    run = partial(run_once, settings_of(rows, arguments), data, steps)
                    if name in checkouts:
                        found = run(checkouts[name])
                    else:
                        with job_service(int(name.split()[0])) as (service, settings, events):
                            found = run(HERE, service, settings, events)
                    for step in found:
                        add(file, {"engine": name, "rows": rows, "repeat": repeat, **step})
                    seconds = ", ".join(f"{step['step']} {step['seconds']:.1f} s" for step in found)
                    print(f"{rows:,}, {name}: {seconds}", file=sys.stderr, flush=True)
        for step in steps:
            for repeat in range(sum(each["step"] == step for each in imports), arguments.repeats):
                add(file, imports_of(step, repeat))


def add(file: TextIO, found: Mapping[str, Any]) -> None:
    """Writes a figure, so that it is there whatever happens next."""
    file.write(json.dumps(found) + "\n")
    file.flush()


def workers_name(workers: int) -> str:
    """What an engine is called."""
    return f"{workers} worker{'s' if workers > 1 else ''}"


def imports_of(step: str, repeat: int) -> dict[str, Any]:
    """What the imports of a step's worker take of the processor, and those of Beam's worker without a step."""
    seconds = []
    for module in (WORKER, f"{WORKER}, {IMPORTS[step]}"):
        process = subprocess.Popen([sys.executable, "-W", "ignore", "-c", f"import {module}"], cwd=HERE)
        _, status, usage = os.wait4(process.pid, 0)
        if status:
            raise RuntimeError(f"{module} can't be imported")
        seconds.append(usage.ru_utime + usage.ru_stime)
    return {"step": step, "module": IMPORTS[step], "repeat": repeat, "worker": seconds[0], "with_step": seconds[1]}


def written(rows: int, folder: Path, arguments: argparse.Namespace) -> Path:
    """Writes the data."""
    if arguments.photos:
        return linked(rows, folder / "photos", arguments.photos)
    file = folder / "rows.csv"
    if arguments.data:
        import gzip  # noqa: PLC0415

        opened = gzip.open if arguments.data.suffix == ".gz" else open
        with opened(arguments.data, "rb") as whole, file.open("wb") as part:
            part.writelines(islice(whole, rows))
        return file
    subprocess.run(
        [sys.executable, "-m", "pipeline", "data", "higgs_toy", f"--rows={rows}", f"--out={file}"],
        check=True,
        cwd=HERE,
        stdout=subprocess.DEVNULL,
    )
    return file


def linked(photos: int, folder: Path, source: Path) -> Path:
    """Makes class folders with so many of the photos, as many of each class as there are."""
    classes = [sorted(each.iterdir()) for each in sorted(source.iterdir()) if each.is_dir()]
    for files in classes:
        if len(files) < photos // len(classes):
            raise ValueError(f"{files[0].parent} has fewer photos than {photos // len(classes):,}")
        own = folder / files[0].parent.name
        own.mkdir(parents=True)
        for file in files[: photos // len(classes)]:
            shutil.copy(file, own / file.name)
    return folder


def settings_of(rows: int, arguments: argparse.Namespace) -> tuple[str, ...]:
    """The pipeline and its settings: all but the Beam steps is made short."""
    if arguments.photos:
        return ("flowers", "curated_schema=", "trainer.base=none", "transform.image_size=32")
    return (
        "higgs_toy",
        'trainer.models={"tiny": {"widths": [4]}}',
        "trainer.batch_size=10000",
        "trainer.max_epochs=1",
        f"data.split.eval_rows={rows // EVAL_SHARE}",
        f"data.split.test_rows={rows // TEST_SHARE}",
    )


@contextmanager
def job_service(workers: int) -> Iterator[tuple[psutil.Process, tuple[str, ...], Path]]:
    """Runs Beam's job service; yields it, the settings of a pipeline for it, and the file of what it notes."""
    with tempfile.TemporaryDirectory() as folder:
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        environment = {**os.environ, "PATH": path, "PYTHONPATH": str(HERE), "TF_CPP_MIN_LOG_LEVEL": "2"}
        with Path(folder, "log").open("w") as log:
            command = [sys.executable, str(SERVICE), folder, str(workers), "spawn"]
            service = psutil.Popen(command, env=environment, cwd=folder, stdout=log, stderr=log)
        try:
            ready = Path(folder, "ready.json")
            while not ready.is_file():
                if service.poll() is not None:
                    raise RuntimeError(Path(folder, "log").read_text()[-2000:])
                time.sleep(SECONDS_BETWEEN_LOOKS)
            found = json.loads(ready.read_text())
            settings = (
                "beam.engine=portable",
                f"beam.endpoint={found['endpoint']}",
                "beam.environment=external",
                f"beam.environment_config={found['pools'][0]}",
            )
            yield service, settings, Path(folder, "events.jsonl")
        finally:
            service.send_signal(signal.SIGTERM)
            service.wait()


def run_once(
    settings: Sequence[str],
    data: Path,
    steps: Sequence[str],
    checkout: Path,
    service: psutil.Process | None = None,
    engine: Sequence[str] = (),
    events: Path | None = None,
) -> list[dict[str, Any]]:
    """Runs a pipeline once, with nothing in its caches; returns what its steps took."""
    pipeline, *given = [*settings, *engine]
    with tempfile.TemporaryDirectory() as folder:
        command = [checkout / ".venv/bin/python", "-m", "pipeline", "run", pipeline]
        command += ["--data-dir", data, "--output-dir", folder, *(f"--set={setting}" for setting in given)]
        began = time.time()
        with open(f"{folder}/screen", "wb") as screen:
            process = psutil.Popen(command, cwd=checkout, stdout=screen, stderr=screen)
            looks = looked_at(process, service, began)
        if process.returncode not in (0, 3):  # pushed, not blessed
            raise RuntimeError(Path(folder, "screen").read_text(encoding="utf-8")[-4000:])
        (file,) = Path(folder).glob("*/runs/*.json")
        record = json.loads(file.read_text(encoding="utf-8"))
        start = file.stat().st_mtime - record["seconds"] - began  # of the process that computes
    noted = [json.loads(line) for line in events.read_text().splitlines()] if events else []
    return [
        step_cost(step["name"], start + step["started"], step["seconds"], looks, began, noted)
        for step in record["steps"]
        if step["name"] in steps
    ]


def step_cost(
    name: str, start: float, seconds: float, looks: Looks, began: float, noted: Sequence[Mapping[str, Any]]
) -> dict[str, Any]:
    """What a step took: its share of what the processes used, and how long its first worker took to work."""
    roles = {role: used(looks[role], start, start + seconds) for role in ROLES}
    within = [event for event in noted if start <= event["at"] - began <= start + seconds]
    starts = {event["worker"]: event["at"] for event in within if "pid" in event}
    ends = {event["worker"]: event["at"] for event in reversed(within) if "elements" in event}
    waits = [end - starts[worker] for worker, end in ends.items() if worker in starts]
    return {"step": name, "seconds": seconds, **roles, "first": min(waits, default=0.0)}


def looked_at(process: psutil.Popen, service: psutil.Process | None, began: float) -> Looks:
    """Waits for the end of a run; returns the processor seconds that each role had used by then, again and again."""
    looks: Looks = {role: [(0.0, 0.0)] for role in ROLES}
    seen: dict[str, dict[int, float]] = {role: {} for role in ROLES}
    earlier = processor_seconds(service) if service else 0.0
    while True:
        ended = process.poll() is not None
        of_role = {
            "run": family(process),
            "service": [service] if service else [],
            "workers": family(service)[1:] if service else [],
        }
        at = time.time() - began
        for role, processes in of_role.items():
            for each in processes:
                so_far = processor_seconds(each) - (earlier if each == service else 0.0)
                seen[role][each.pid] = max(so_far, seen[role].get(each.pid, 0.0))
            looks[role].append((at, sum(seen[role].values())))
        if ended:
            return looks
        time.sleep(SECONDS_BETWEEN_LOOKS)


def family(process: psutil.Process) -> list[psutil.Process]:
    """A process and all that it started."""
    try:
        return [process, *process.children(recursive=True)]
    except psutil.NoSuchProcess:
        return [process]


def processor_seconds(process: psutil.Process) -> float:
    """Returns what a process has used; 0 if it has ended."""
    try:
        times = process.cpu_times()
    except psutil.NoSuchProcess:
        return 0.0
    return float(times.user + times.system)


def print_tables(costs: Sequence[Cost], imports: Sequence[Mapping[str, Any]]) -> None:
    """Prints what was measured, the lines, the fixed cost taken apart, and what follows of them."""
    steps, engines = unique(cost.step for cost in costs), unique(cost.engine for cost in costs)
    others = [engine for engine in engines if engine not in (LOCAL, BEFORE)]
    print_costs(costs, steps, engines)
    print("\n| step | engine | fixed, s | s a million rows | of these: run | service | workers |")
    print("| --- " * 7 + "|")
    for step in steps:
        for engine in engines:
            line, *parts = (line_of(costs, step, engine, what) for what in ("processor", *ROLES))
            cells = [f"{part.fixed:.1f} + {part.per_million:.1f} n" for part in parts]
            print(f"| {step} | {engine} | {line.fixed:.1f} | {line.per_million:.1f} | {' | '.join(cells)} |")
    if not others:
        return
    print_fixed(costs, steps, others[0], imports)
    if others[0] == workers_name(1) and LOCAL in engines:
        print_worth(costs, steps)


def print_costs(costs: Sequence[Cost], steps: Sequence[str], engines: Sequence[str]) -> None:
    """Prints the medians."""
    print("| step | rows | engine | s | of the processor | run | service | workers | of local's: s | processor |")
    print("| --- " * 10 + "|")
    for step in steps:
        for rows in sorted({cost.rows for cost in costs}):
            for engine in engines:
                at = (costs, step, engine, rows)
                seconds, processor, *parts = (median(*at, what) for what in ("seconds", "processor", *ROLES))
                if not seconds:
                    continue
                local = [median(costs, step, LOCAL, rows, what) for what in ("seconds", "processor")]
                ratios = [f"{one / of:.2f}" if of else "" for one, of in zip((seconds, processor), local, strict=True)]
                cells = [f"{cell:.1f}" for cell in (seconds, processor, *parts)]
                print(f"| {step} | {rows:,} | {engine} | {' | '.join([*cells, *ratios])} |")


def print_fixed(costs: Sequence[Cost], steps: Sequence[str], engine: str, imports: Sequence[Mapping[str, Any]]) -> None:
    """Prints what the fixed cost of an engine consists of."""
    print(f"\n| {engine} | {' | '.join(FIXED)} |\n" + "| --- " * (len(FIXED) + 1) + "|")
    for step in steps:
        run, service, workers = (line_of(costs, step, engine, what).fixed for what in ROLES)
        more = run - line_of(costs, step, LOCAL, "run").fixed
        own = [each for each in imports if each["step"] == step]
        bare = middle(each["worker"] for each in own)
        whole = middle(each["with_step"] for each in own)
        smallest = min(cost.rows for cost in costs)
        first = median(costs, step, engine, smallest, "first")
        cells = (more + service + workers, more, service, workers, bare, whole - bare, workers - whole, first)
        print(f"| {step} | {' | '.join(f'{cell:.1f}' for cell in cells)} |")


def print_worth(costs: Sequence[Cost], steps: Sequence[str]) -> None:
    """Prints from how many rows on so many workers are faster, each process with a core of its own."""
    print("\n| faster than local from so many rows on | " + " | ".join(map(workers_name, EXTRAPOLATED)) + " |")
    print("| --- " * (len(EXTRAPOLATED) + 1) + "|")
    for name, group in {**{step: [step] for step in steps}, "all of them": steps}.items():
        local = total(line_of(costs, step, LOCAL, "processor") for step in group)
        parts = {what: total(line_of(costs, step, workers_name(1), what) for step in group) for what in ROLES}
        cells = [pays_from(local, parts, workers) for workers in EXTRAPOLATED]
        print(f"| {name} | {' | '.join(f'{rows:,.0f}' if rows else 'never' for rows in cells)} |")


def pays_from(local: Line, parts: Mapping[str, Line], workers: int) -> float | None:
    """Returns the rows from which on workers are faster than the local engine; None if they never are."""
    fixed = sum(part.fixed for part in parts.values())
    undivided = sum(part.per_million for role, part in parts.items() if role != "workers")
    saved = local.per_million - undivided - parts["workers"].per_million / workers
    return max(0.0, (fixed - local.fixed) / saved) * 1e6 if saved > 0 else None


def line_of(costs: Sequence[Cost], step: str, engine: str, what: str) -> Line:
    """Fits a line to a cost against rows, by least squares of the shares that it is wrong by."""
    rows = sorted({cost.rows for cost in costs if (cost.step, cost.engine) == (step, engine)})
    found = np.array([median(costs, step, engine, number, what) for number in rows])
    if len(rows) < 2 or not found.any():
        return Line(float(found.mean()) if len(found) else 0.0, 0.0)
    slope, fixed = np.polyfit(np.array(rows) / 1e6, found, 1, w=1 / np.maximum(found, SECONDS_BETWEEN_LOOKS))
    return Line(float(fixed), float(slope))


def total(lines: Iterator[Line]) -> Line:
    """Adds lines up."""
    return Line(*map(sum, zip(*lines, strict=True)))


def median(costs: Sequence[Cost], step: str, engine: str, rows: int, what: str) -> float:
    """The middle one of all repeats; 0 if there is none."""
    at = (step, engine, rows)
    return middle(getattr(cost, what) for cost in costs if (cost.step, cost.engine, cost.rows) == at)


def middle(found: Iterator[float]) -> float:
    """The median; 0 of nothing."""
    return statistics.median([*found] or [0.0])


def unique(names: Iterator[str]) -> list[str]:
    """Names in the order in which they first come."""
    return list(dict.fromkeys(names))


def draw(costs: Sequence[Cost], file: Path) -> None:
    """Draws each step's processor seconds against rows, with the lines; another checkout's are on another scale."""
    costs = [cost for cost in costs if cost.engine != BEFORE]
    measured: dict[str, dict[str, dict[int, float]]] = {}
    lines: dict[str, dict[str, tuple[float, float]]] = {}
    for step in unique(cost.step for cost in costs):
        measured[step], lines[step] = {}, {}
        for engine in unique(cost.engine for cost in costs if cost.step == step):
            rows = sorted({cost.rows for cost in costs if (cost.step, cost.engine) == (step, engine)})
            measured[step][engine] = {number: median(costs, step, engine, number, "processor") for number in rows}
            fixed, slope = line_of(costs, step, engine, "processor")
            lines[step][engine] = (fixed, slope / 1e6)
    plot_steps(measured, lines, title="Beam steps, processor seconds of all processes", size="rows", file=file)


if __name__ == "__main__":
    main()
