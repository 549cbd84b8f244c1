"""CsvExampleGen beside TFX's own, on the same file of simulated HIGGS rows, each in a process of its own.

    .venv/bin/python benchmarks/csv_ingest.py                      # 1,000,000 rows, both; compares all records
    .venv/bin/python benchmarks/csv_ingest.py --scale              # ours alone, 1,000 to 10,000,000 rows
    .venv/bin/python benchmarks/csv_ingest.py --scale --by rows    # the same, split by rows: copies are looked for too
    .venv/bin/python benchmarks/csv_ingest.py --before FOLDER      # ours beside that of another checkout with its .venv

Prints rows a second, processor time, peak memory and the ratio. The scale's smallest run is Beam's start and hardly
anything else: the time a row is given with and without it.
"""

import argparse
import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from pipeline.config.beam import Beam
from pipeline.data.higgs import FEATURES, LABEL_COLUMN
from pipeline.data.higgs_toy import write_csv

COLUMNS = (LABEL_COLUMN, *FEATURES)
BATCH = 10_000
START_ROWS = 1_000
REPEATS = 5


def main() -> None:
    """Runs what is asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--scale", action="store_true", help="ours alone, at 1,000 to 10,000,000 rows")
    parser.add_argument("--by", choices=("hash", "rows"), default="hash", help="how the scale's rows are split")
    parser.add_argument("--before", type=Path, metavar="FOLDER", help="another checkout, five times in turn with this")
    parser.add_argument("--measure", nargs=3, metavar=("WHICH", "FILE", "OUT"), help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.measure:
        measure(*arguments.measure, arguments.by)
    elif arguments.before:
        beside(arguments.before, arguments.rows)
    elif arguments.scale:
        scale(START_ROWS, [100_000, 1_000_000, 10_000_000], arguments.by)
    else:
        compare(arguments.rows)


def compare(rows: int) -> None:
    """Both on one file."""
    with tempfile.TemporaryDirectory() as folder:
        file = make_file(Path(folder), rows)
        ours = run("ours", file, f"{folder}/ours")
        stock = run("stock", file, f"{folder}/stock")
        report("CsvExampleGen of Transferline", rows, ours)
        report("CsvExampleGen of TFX", rows, stock)
        print(f"ratio: {stock['seconds'] / ours['seconds']:.1f}")
        print(f"the same records: {records(f'{folder}/ours') == records(f'{folder}/stock')}")


def beside(before: Path, rows: int) -> None:
    """Ours and that of another checkout on one file, in turn; prints the medians."""
    checkouts, seconds = {"before": before, "now": Path(__file__).parents[1]}, {"before": [], "now": []}
    with tempfile.TemporaryDirectory() as folder:
        file = make_file(Path(folder), rows)
        for number in range(REPEATS):
            for name, checkout in checkouts.items():
                result = run("ours", file, f"{folder}/{name}-{number}", checkout=checkout)
                seconds[name].append(result["seconds"])
    for name, each in seconds.items():
        print(f"{name}: {rows:,} rows in {statistics.median(each):.2f} s ({', '.join(f'{one:.2f}' for one in each)})")


def scale(start_rows: int, sizes: list[int], by: str) -> None:
    """Ours at several sizes."""
    start = alone(start_rows, by)
    for rows in sizes:
        seconds = alone(rows, by)
        whole, net = seconds / rows, (seconds - start) / (rows - start_rows)
        print(
            f"    {whole * 1e6:.1f} microseconds a row, {net * 1e6:.1f} without the {start:.1f} s of the smallest run"
        )


def alone(rows: int, by: str) -> float:
    """Ours on a file of its own; returns seconds."""
    with tempfile.TemporaryDirectory() as folder:
        result = run("ours", make_file(Path(folder), rows), f"{folder}/out", by)
    report("CsvExampleGen of Transferline", rows, result)
    return result["seconds"]


def make_file(folder: Path, rows: int) -> Path:
    """Writes the rows, with a header, which TFX's component needs."""
    (folder / "in").mkdir()
    path, bare = folder / "in" / "rows.csv", folder / "bare.csv"
    write_csv(bare, rows)
    with path.open("wb") as target, bare.open("rb") as source:
        target.write((",".join(COLUMNS) + "\n").encode())
        while block := source.read(1 << 24):
            target.write(block)
    bare.unlink()
    return path


def run(which: str, file: Path, out: str, by: str = "", checkout: Path | None = None) -> dict[str, float]:
    """Measures in a new process, of another checkout by its own script."""
    script = (
        [checkout / ".venv/bin/python", checkout / "benchmarks/csv_ingest.py"]
        if checkout
        else [sys.executable, __file__]
    )
    command = [*script, *(("--by", by) if by else ()), "--measure", which, file, out]
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, check=False, cwd=checkout)
    if done.returncode:
        raise RuntimeError(done.stderr[-2000:])
    return dict(json.loads(done.stdout.splitlines()[-1]))


def report(name: str, rows: int, result: dict[str, float]) -> None:
    """Prints a line."""
    rate = rows / result["seconds"]
    took = f"{result['seconds']:.1f} s, {result['processor']:.1f} s of processor time"
    print(f"{name}: {rows:,} rows in {took}, {rate:,.0f} rows/s, peak {result['mb']:,.0f} MB")


def measure(which: str, file: str, out: str, by: str) -> None:
    """Runs one component; imports aren't timed."""
    from tfx.types import standard_artifacts  # noqa: PLC0415 (in the measured process only)

    examples = standard_artifacts.Examples()
    examples.uri = out
    start, used = ours(file, examples, out, by) if which == "ours" else stock(file, examples)
    seconds, processor = time.monotonic() - start, time.process_time() - used
    mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"seconds": seconds, "processor": processor, "mb": mb}))


def ours(file: str, examples: object, out: str, by: str) -> tuple[float, float]:
    """Runs ours; returns when it started, and the processor time until then."""
    from components.csv_example_gen.config import CsvData, RowSplit  # noqa: PLC0415
    from components.csv_example_gen.executor import Executor  # noqa: PLC0415
    from components.ingest.artifact import IngestReportArtifact  # noqa: PLC0415

    report_artifact = IngestReportArtifact()
    report_artifact.uri = f"{out}-report"
    Path(report_artifact.uri).mkdir(parents=True)
    split = RowSplit(by=by, eval_rows=100, test_rows=100)
    data = CsvData(path=file, label=LABEL_COLUMN, split=split).model_dump_json()
    outputs = {"examples": [examples], "ingest_report": [report_artifact]}
    executor = Executor(Executor.Context(beam_pipeline_args=list(Beam().arguments)))
    start = time.monotonic(), time.process_time()
    executor.Do({}, outputs, {"data": data, "schema_text": ""})
    return start


def stock(file: str, examples: object) -> tuple[float, float]:
    """Runs TFX's; returns when it started, and the processor time until then."""
    from tfx.components.example_gen.csv_example_gen.executor import Executor  # noqa: PLC0415
    from tfx.proto import example_gen_pb2  # noqa: PLC0415
    from tfx.utils import proto_utils  # noqa: PLC0415

    split = example_gen_pb2.SplitConfig.Split
    shares = [split(name=name, hash_buckets=share) for name, share in (("train", 8), ("eval", 1), ("test", 1))]
    output = example_gen_pb2.Output(split_config=example_gen_pb2.SplitConfig(splits=shares))
    source = example_gen_pb2.Input(splits=[example_gen_pb2.Input.Split(name="all", pattern="*")])
    properties = {
        "input_base": str(Path(file).parent),
        "input_config": proto_utils.proto_to_json(source),
        "output_config": proto_utils.proto_to_json(output),
        "output_data_format": example_gen_pb2.FORMAT_TF_EXAMPLE,
        "output_file_format": example_gen_pb2.FileFormat.Value("FORMAT_TFRECORDS_GZIP"),
    }
    executor = Executor(Executor.Context(beam_pipeline_args=list(Beam().arguments)))
    start = time.monotonic(), time.process_time()
    executor.Do({}, {"examples": [examples]}, properties)
    return start


def records(folder: str) -> list[bytes]:
    """All records of all splits, sorted, as their 29 numbers: the splits are cut by other hashes."""
    import tensorflow as tf  # noqa: PLC0415

    found: list[np.ndarray] = []
    for file in sorted(Path(folder).glob("Split-*/*.gz")):
        as_text = folder.endswith("ours")
        label = "label" if as_text else LABEL_COLUMN
        spec = {name: tf.io.FixedLenFeature([], tf.float32) for name in FEATURES}
        spec[label] = tf.io.FixedLenFeature([], tf.string if as_text else tf.int64)
        for batch in tf.data.TFRecordDataset(str(file), compression_type="GZIP").batch(BATCH):
            parsed = tf.io.parse_example(batch, spec)
            numbers = tf.strings.to_number(parsed[label]) if as_text else tf.cast(parsed[label], tf.float32)
            found.append(np.column_stack([numbers, *(parsed[name] for name in FEATURES)]).astype("<f4"))
    rows = np.concatenate(found)
    return sorted(map(bytes, rows))


if __name__ == "__main__":
    main()
