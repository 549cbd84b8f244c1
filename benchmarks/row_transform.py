"""Transform of packed rows beside one z-score a column, on simulated HIGGS rows, each in a process of its own.

    .venv/bin/python benchmarks/row_transform.py --rows 1000000

The last is TFX's Transform with its defaults. The first is what a pipeline of rows does: one analyzer over the packed
vector, no statistics of the output and no transformed examples, since training, evaluation and serving apply the graph,
and records that are read in whole batches. The second does the same of a table of which half of the columns are
categories, texts of some ten to some ten thousand values.
Prints seconds, rows a second, those of reading and packing the rows for training by the graph, the ratio, and the
largest difference between the standardised values of the first and the last.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf
import tensorflow_transform as tft
from google.protobuf import text_format
from tensorflow_metadata.proto.v0 import schema_pb2

from components.arrow import pa, pc
from components.contract import FEATURES as VECTOR
from components.csv_example_gen.column_counts import ColumnCounts, write_columns
from components.csv_example_gen.encode import gzipped_records
from components.ingest.artifact import IngestReportArtifact
from components.ingest.report import IngestReport, write_report
from components.trainer.mlp.dataset import load_rows
from components.transform.config import Category, Feature, Number, RowTransform
from components.transform.executor import Executor
from components.transform.labels import class_names
from pipeline.config import SCHEMAS
from pipeline.config.beam import Beam
from pipeline.data.higgs import FEATURES
from pipeline.data.higgs_toy import batches

SAMPLE = 5_000
MODES = ("packed", "half_categories", "per_column")
OURS = "components.transform.rows.preprocessing_fn"
GIVEN = ("examples", "schema", "ingest_report")
CATEGORIES = FEATURES[1::2]
KINDS: dict[str, Feature] = {name: Category() if name in CATEGORIES else Number() for name in FEATURES}
STEPS = (4, 40, 400, 4000)
"""Categories are numbers in steps of a fourth, a fortieth and so on."""


def main() -> None:
    """Runs both, or one in its own process."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--measure", nargs=2, metavar=("MODE", "FOLDER"), help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.measure:
        measure(*arguments.measure)
        return
    with tempfile.TemporaryDirectory() as folder:
        write_examples(Path(folder), arguments.rows)
        found = {mode: run(mode, folder) for mode in MODES}
        for mode in MODES:
            for what, seconds in found[mode].items():
                print(f"{mode}, {what}: {seconds:.1f} s, {arguments.rows / seconds:,.0f} rows/s")
        print(f"ratio: {found['per_column']['Transform'] / found['packed']['Transform']:.1f}")
        print(f"largest difference of a value: {difference(Path(folder)):.2g}")


def per_column(inputs: Mapping[str, tf.Tensor], custom_config: Mapping[str, Any]) -> dict[str, tf.Tensor]:
    """What TFX's own examples do."""
    return {name: tft.scale_to_z_score(inputs[name]) for name in FEATURES} | {"label": inputs["label"]}


def write_examples(folder: Path, rows: int) -> None:
    """Writes two Examples artifacts, of numbers and of numbers and categories, with schemas and what was counted."""
    paths = {mode: folder / mode for mode in ("numbers", "mixed")}
    for path in paths.values():
        (path / "examples" / "Split-train").mkdir(parents=True)
        (path / "schema").mkdir()
        (path / "ingest_report").mkdir()
    schema = (SCHEMAS / "higgs.pbtxt").read_text()
    files = {
        mode: path / "examples" / "Split-train" / "data_tfrecord-00000-of-00001.gz" for mode, path in paths.items()
    }
    counts: dict[str, Counter[str]] = {name: Counter() for name in CATEGORIES}
    with files["numbers"].open("wb") as numbers, files["mixed"].open("wb") as mixed:
        for batch in batches(rows):
            table = pa.table(
                {name: np.ascontiguousarray(column) for name, column in zip(FEATURES, batch[:, 1:].T, strict=True)}
                | {"label": batch[:, 0].astype(int).astype(str)}
            )
            numbers.write(gzipped_records(table))
            for place, name in enumerate(CATEGORIES):
                steps = pc.round(pc.multiply(table[name], STEPS[place % len(STEPS)])).cast(pa.int64())
                table = table.set_column(
                    table.column_names.index(name),
                    name,
                    pc.binary_join_element_wise(name, steps.cast(pa.string()), " "),
                )
                for each in pc.value_counts(table[name].combine_chunks()).to_pylist():
                    counts[name][each["values"]] += each["counts"]
            mixed.write(gzipped_records(table))
    write_columns(
        [counted(name, rows, counts.get(name)) for name in (*FEATURES, "label")], str(paths["mixed"] / "ingest_report")
    )
    write_columns([counted(name, rows, None) for name in (*FEATURES, "label")], str(paths["numbers"] / "ingest_report"))
    report = IngestReport(found=rows, counts={"train": {"0": rows // 2, "1": rows - rows // 2}}, quarantined=0)
    for mode, path in paths.items():
        write_report(report, str(path / "ingest_report"))
        (path / "schema" / "schema.pbtxt").write_text(schema if mode == "numbers" else with_texts(schema))


def counted(name: str, rows: int, values: Counter[str] | None) -> ColumnCounts:
    """What CsvExampleGen counts of a column."""
    if values is None:
        return ColumnCounts(name=name, type="string" if name == "label" else "float", rows=rows, more_distinct=True)
    most = dict(sorted(values.items(), key=lambda item: (-item[1], item[0]))[:10_000])
    return ColumnCounts(name=name, type="string", rows=rows, distinct=len(values), values=most)


def with_texts(schema_text: str) -> str:
    """The schema with categories as texts."""
    schema = text_format.Parse(schema_text, schema_pb2.Schema())
    for feature in schema.feature:
        if feature.name in CATEGORIES:
            feature.type = schema_pb2.BYTES
            feature.ClearField("float_domain")
    return str(text_format.MessageToString(schema))


def run(mode: str, folder: str) -> dict[str, float]:
    """Measures in a new process."""
    command = [sys.executable, __file__, "--measure", mode, folder]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(done.stderr)
    return dict(json.loads(done.stdout.splitlines()[-1]))


def measure(mode: str, folder: str) -> None:
    """Runs the component; imports aren't timed."""
    given = f"{folder}/{'mixed' if mode == 'half_categories' else 'numbers'}"
    settings = RowTransform(features=KINDS if mode == "half_categories" else FEATURES)
    stock = mode == "per_column"
    function = "row_transform.per_column" if stock else OURS
    transform = prepared(given, f"{folder}/{mode}", function, settings, stock=stock)
    start = time.monotonic()
    transform()
    found = {"Transform": time.monotonic() - start}
    if not stock:
        graph = f"{folder}/{mode}/transform_graph"
        output = tft.TFTransformOutput(graph)
        start = time.monotonic()
        load_rows([f"{given}/examples/Split-train/*"], output, class_names(graph), [VECTOR])
        found["read and packed for training"] = time.monotonic() - start
    print(json.dumps(found))


def prepared(given: str, made: str, function: str, settings: RowTransform, *, stock: bool) -> Callable[[], None]:
    """Returns a function that runs Transform.

    Args:
        given: Folder of the artifacts that go in, by their names; the examples have a split "train".
        made: Folder of those that come out.
        function: Dotted path of the `preprocessing_fn`.
        settings: What it is told.
        stock: Whether it is TFX's own, with its defaults.
    """
    from tfx.components.transform import executor as tfx_transform  # noqa: PLC0415
    from tfx.types import standard_artifacts  # noqa: PLC0415

    ours = {
        "examples": standard_artifacts.Examples,
        "schema": standard_artifacts.Schema,
        "ingest_report": IngestReportArtifact,
        "transform_graph": standard_artifacts.TransformGraph,
    }
    more = {
        "updated_analyzer_cache": standard_artifacts.TransformCache,
        "transformed_examples": standard_artifacts.Examples,
        "pre_transform_schema": standard_artifacts.Schema,
        "pre_transform_stats": standard_artifacts.ExampleStatistics,
        "post_transform_schema": standard_artifacts.Schema,
        "post_transform_stats": standard_artifacts.ExampleStatistics,
        "post_transform_anomalies": standard_artifacts.ExampleAnomalies,
    }
    artifacts = {name: kind() for name, kind in (ours | (more if stock else {})).items()}
    for name, artifact in artifacts.items():
        artifact.uri = f"{given if name in GIVEN else made}/{name}"
    artifacts["examples"].split_names = '["train"]'
    if stock:
        artifacts["transformed_examples"].split_names = '["train"]'
    properties = {
        "preprocessing_fn": function,
        "custom_config": json.dumps({"transform": settings.model_dump(mode="json")}),
        "splits_config": json.dumps({"analyze": ["train"], "transform": ["train"] if stock else []}),
        "force_tf_compat_v1": 0,
        "disable_statistics": int(not stock),
    }
    inputs = {name: [artifacts[name]] for name in GIVEN if not stock or name != "ingest_report"}
    outputs = {name: [artifact] for name, artifact in artifacts.items() if name not in GIVEN}
    executor_class = tfx_transform.Executor if stock else Executor
    executor = executor_class(executor_class.Context(beam_pipeline_args=list(Beam().arguments)))
    return partial(executor.Do, inputs, outputs, properties)


def difference(folder: Path) -> float:
    """The largest difference between the two outputs, over the first rows."""
    (file,) = (folder / "numbers" / "examples" / "Split-train").iterdir()
    found = []
    for mode in ("packed", "per_column"):
        output = tft.TFTransformOutput(str(folder / mode / "transform_graph"))
        (batch,) = tf.data.TFRecordDataset(str(file), compression_type="GZIP").take(SAMPLE).batch(SAMPLE)
        transformed = output.transform_features_layer()(tf.io.parse_example(batch, output.raw_feature_spec()))
        columns = [tf.reshape(transformed[name], [-1]) for name in FEATURES] if mode == "per_column" else None
        found.append(transformed["features"].numpy() if columns is None else np.column_stack(columns))
    return float(np.abs(found[0] - found[1]).max())


if __name__ == "__main__":
    main()
