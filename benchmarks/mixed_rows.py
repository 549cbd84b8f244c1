"""Rows of every kind from the CSV file to a trained epoch, beside numbers alone and TFX's own components.

    .venv/bin/python benchmarks/mixed_rows.py --rows 1000000 --stock-rows 100000

Simulated rows of 10 numbers, 8 categories of 2 to 20,000 values and 2 dates, and as many rows of 20 numbers. Each
component runs in a process of its own, one after the other, as a pipeline runs it: CsvExampleGen with the split and
the conflicts that `new` asks for, Transform, and training, which reads and packs the rows and then takes epochs of
`medium`, of which the second is timed. Of TFX the stock CsvExampleGen, and the stock Transform with a z-score a number,
a vocabulary a category, and year and month of each date.
Prints seconds, processor seconds and rows by processor second, which others at work on the machine hardly change.
"""

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import tensorflow as tf
import tensorflow_transform as tft
from csv_ingest import stock
from google.protobuf import text_format
from row_transform import OURS, prepared
from tensorflow_transform.tf_metadata import schema_utils

from components.arrow import csv, pa
from components.contract import LABEL
from components.csv_example_gen.config import CsvData, RowSplit
from components.ingest.artifact import IngestReportArtifact
from components.trainer.mlp.config import PRESETS, MLPTraining
from components.transform.config import Category, Date, Feature, Number, RowTransform
from pipeline.config.beam import Beam

NUMBERS = tuple(f"number_{at}" for at in range(10))
CATEGORIES = {f"category_{values}": values for values in (2, 4, 10, 40, 200, 1_000, 5_000, 20_000)}
DATES = ("day", "at")
MIXED: dict[str, Feature] = {
    **{name: Number() for name in NUMBERS},
    **{name: Category() for name in CATEGORIES},
    **{name: Date() for name in DATES},
}
PLAIN: dict[str, Feature] = {f"number_{at}": Number() for at in range(len(MIXED))}
TABLES = ("mixed", "numbers", STOCK := "stock")
"""The last is as the first, for TFX's own components."""

BLOCK = 100_000
BATCH = 4_096
"""As `new` has it for so many rows."""
FIRST_DAY, DAYS, SECONDS_A_DAY = np.datetime64("2015-01-01"), 3_650, 86_400
VOCABULARY = 10_000


def main() -> None:
    """Runs all, or one in its own process."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--stock-rows", type=int, default=100_000, help="for TFX's own components")
    parser.add_argument("--tables", nargs="+", choices=TABLES, default=TABLES)
    parser.add_argument("--measure", nargs=3, metavar=("STEP", "TABLE", "FOLDER"), help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.measure:
        step, table, folder = arguments.measure
        STEPS[step](table, Path(folder))
        return
    print("| step | table | rows | s | processor s | rows a processor second | peak MB |\n" + "| --- " * 7 + "|")
    for table in arguments.tables:
        rows = arguments.stock_rows if table == STOCK else arguments.rows
        with tempfile.TemporaryDirectory() as folder:
            write(Path(folder), table, rows)
            for step in [step for step in STEPS if step.startswith(STOCK) == (table == STOCK)]:
                for what, found in run(step, table, folder).items():
                    rate = f"{found['rows'] / found['processor']:,.0f}"
                    took = f"{found['seconds']:.1f} | {found['processor']:.1f} | {rate} | {found['mb']:,.0f}"
                    print(f"| {what} | {table} | {found['rows']:,} | {took} |", flush=True)


def write(folder: Path, table: str, rows: int) -> None:
    """Writes the CSV file."""
    (folder / "in").mkdir()
    schema = next(blocks(table, 1)).schema
    with (folder / "in" / "rows.csv").open("wb") as file:
        # TFX's reader takes the quotes that Arrow writes around a name for a part of it.
        file.write((",".join(schema.names) + "\n").encode())
        with csv.CSVWriter(file, schema, write_options=csv.WriteOptions(include_header=False)) as writer:
            for block in blocks(table, rows):
                writer.write_table(block)


def blocks(table: str, rows: int) -> Iterator[pa.Table]:
    """Yields rows; the label goes by a number, a category and a date."""
    rng = np.random.default_rng(0)
    for begin in range(0, rows, BLOCK):
        count = min(BLOCK, rows - begin)
        names = PLAIN if table == "numbers" else NUMBERS
        columns: dict[str, Any] = {name: rng.normal(size=count).astype(np.float32) for name in names}
        score = columns["number_0"] + 0.5 * rng.normal(size=count)
        if table != "numbers":
            # Frequent values first: the square of what is uniform.
            codes = {name: (rng.random(count) ** 2 * values).astype(int) for name, values in CATEGORIES.items()}
            columns |= {name: np.char.add(f"{name} is ", code.astype(str)) for name, code in codes.items()}
            days = rng.integers(0, DAYS, count)
            columns["day"] = np.datetime_as_string(FIRST_DAY + days)
            moments = FIRST_DAY.astype("datetime64[s]") + rng.integers(0, DAYS * SECONDS_A_DAY, count)
            columns["at"] = np.datetime_as_string(moments)
            score = score + codes["category_200"] % 3 - 1 + (days % 7 < 2)
        yield pa.table(
            {**{name: pa.array(each) for name, each in columns.items()}, LABEL: np.where(score > 0, "yes", "no")}
        )


def run(step: str, table: str, folder: str) -> dict[str, dict[str, float]]:
    """Measures in a new process; returns what was measured, by what it is."""
    command = [sys.executable, __file__, "--measure", step, table, folder]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(done.stderr[-4000:])
    return dict(json.loads(done.stdout.splitlines()[-1]))


class Clock:
    """Measures pieces of a process one after the other."""

    def __init__(self) -> None:
        self._found: dict[str, dict[str, float]] = {}
        self.start()

    def start(self) -> None:
        """Begins a piece."""
        self._began = time.monotonic(), time.process_time()

    def stop(self, what: str, rows: int) -> None:
        """Ends a piece."""
        seconds, processor = time.monotonic() - self._began[0], time.process_time() - self._began[1]
        mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        self._found[what] = {"rows": rows, "seconds": seconds, "processor": processor, "mb": mb}
        self.start()

    def print(self) -> None:
        """Prints all of them for the process that waits."""
        print(json.dumps(self._found))


def ingest(table: str, folder: Path) -> None:
    """CsvExampleGen of Transferline."""
    from tfx.types import standard_artifacts  # noqa: PLC0415 (imports aren't timed)

    from components.csv_example_gen.executor import Executor  # noqa: PLC0415

    features = features_of(table)
    dates = {name: "iso" for name, feature in features.items() if feature.kind == "date"}
    split = RowSplit(by="hash", key=tuple(features), count_conflicts=True)
    data = CsvData(path=str(folder / "in" / "rows.csv"), label=LABEL, dates=dates, split=split)
    outputs = {"examples": standard_artifacts.Examples(), "ingest_report": IngestReportArtifact()}
    for name, artifact in outputs.items():
        artifact.uri = str(folder / name)
        Path(artifact.uri).mkdir()
    executor = Executor(Executor.Context(beam_pipeline_args=list(Beam().arguments)))
    clock = Clock()
    executor.Do(
        {}, {name: [each] for name, each in outputs.items()}, {"data": data.model_dump_json(), "schema_text": ""}
    )
    clock.stop("CsvExampleGen", rows_in(folder))
    clock.print()


def transform(table: str, folder: Path) -> None:
    """Transform of Transferline."""
    features = features_of(table)
    types = {
        name: {"number": tf.float32, "date": tf.int64}.get(each.kind, tf.string) for name, each in features.items()
    }
    write_schema(folder, types)
    run_transform = prepared(str(folder), str(folder), OURS, RowTransform(features=features), stock=False)
    timed(run_transform, "Transform", folder)


def train(table: str, folder: Path) -> None:
    """What the Trainer does with the rows."""
    import tf_keras as keras  # noqa: PLC0415

    from components.trainer.mlp.model import build_model  # noqa: PLC0415
    from components.trainer.mlp.one_model import describe, load  # noqa: PLC0415
    from components.trainer.mlp.training import EpochRunner  # noqa: PLC0415

    settings = MLPTraining(models={"medium": PRESETS["medium"]}, batch_size=BATCH, cache_bytes=2**30)
    arguments = SimpleNamespace(
        train_files=[str(folder / "examples" / "Split-train" / "*")],
        eval_files=[str(folder / "examples" / "Split-eval" / "*")],
        transform_graph_path=str(folder / "transform_graph"),
        model_run_dir="",
        custom_config={
            "trainer": settings.model_dump(mode="json"),
            "transform": RowTransform(features=features_of(table)).model_dump(mode="json"),
        },
    )
    clock = Clock()
    described = describe(arguments)
    ((_, rows),) = load(arguments, described, ["medium"]).items()
    count = rows.train.rows
    clock.stop("reading and packing for training", count + rows.validation.rows)
    keras.utils.set_random_seed(0)
    runner = EpochRunner(build_model(PRESETS["medium"], described.layout, 2, 0), rows, settings)
    runner.run(0)
    clock.start()
    runner.run(1)
    clock.stop("an epoch", count)
    clock.print()


def stock_ingest(_: str, folder: Path) -> None:
    """CsvExampleGen of TFX."""
    from tfx.types import standard_artifacts  # noqa: PLC0415

    examples = standard_artifacts.Examples()
    examples.uri = str(folder / "examples")
    clock = Clock()
    stock(str(folder / "in" / "rows.csv"), examples)
    clock.stop("CsvExampleGen of TFX", rows_in(folder))
    clock.print()


def stock_transform(_: str, folder: Path) -> None:
    """Transform of TFX."""
    write_schema(folder, {name: tf.float32 if each.kind == "number" else tf.string for name, each in MIXED.items()})
    function = "mixed_rows.with_vocabularies"
    timed(prepared(str(folder), str(folder), function, RowTransform(), stock=True), "Transform of TFX", folder)


STEPS: Mapping[str, Callable[[str, Path], None]] = {
    "ingest": ingest,
    "transform": transform,
    "train": train,
    "stock_ingest": stock_ingest,
    "stock_transform": stock_transform,
}


def with_vocabularies(inputs: Mapping[str, tf.Tensor], custom_config: Mapping[str, Any]) -> dict[str, tf.Tensor]:
    """What TFX's own examples do of columns of every kind."""
    made = {name: tft.scale_to_z_score(inputs[name]) for name in NUMBERS}
    for name in CATEGORIES:
        made[name] = tft.compute_and_apply_vocabulary(
            inputs[name], top_k=VOCABULARY, num_oov_buckets=1, vocab_filename=name
        )
    for name in DATES:
        year, month = (tf.strings.substr(inputs[name], *place) for place in ((0, 4), (5, 2)))
        made |= {f"{name}_year": tft.scale_to_z_score(tf.strings.to_number(year)), f"{name}_month": month}
    return {**made, LABEL: inputs[LABEL]}


def features_of(table: str) -> dict[str, Feature]:
    """The columns of a table, and what they become."""
    return PLAIN if table == "numbers" else MIXED


def rows_in(folder: Path) -> int:
    """How many rows the file has."""
    with (folder / "in" / "rows.csv").open("rb") as file:
        return sum(block.count(b"\n") for block in iter(lambda: file.read(2**24), b"")) - 1


def write_schema(folder: Path, types: Mapping[str, tf.DType]) -> None:
    """Writes the schema of columns without holes."""
    spec = {name: tf.io.FixedLenFeature([], kind) for name, kind in {**types, LABEL: tf.string}.items()}
    (folder / "schema").mkdir()
    text = text_format.MessageToString(schema_utils.schema_from_feature_spec(spec))
    (folder / "schema" / "schema.pbtxt").write_text(text)


def timed(transform: Callable[[], None], what: str, folder: Path) -> None:
    """Runs Transform, and prints how long it took for the training rows."""
    files = [str(file) for file in (folder / "examples" / "Split-train").iterdir()]
    rows = tf.data.TFRecordDataset(files, compression_type="GZIP").reduce(0, lambda count, _: count + 1)
    clock = Clock()
    transform()
    clock.stop(what, int(rows))
    clock.print()


if __name__ == "__main__":
    main()
