"""Transform of packed rows beside one z-score a column, on simulated HIGGS rows, each in a process of its own.

    .venv/bin/python benchmarks/row_transform.py --rows 1000000

The second is TFX's Transform with its defaults. The first is what a pipeline of rows does: one analyzer over the packed
vector, no statistics of the output and no transformed examples, since training, evaluation and serving apply the graph,
and records that are read in whole batches.
Prints seconds, rows a second, the ratio, and the largest difference between the standardised values of the two.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf
import tensorflow_transform as tft

from components.arrow import pa
from components.csv_example_gen.encode import gzipped_records
from components.ingest.report import IngestReport, write_report
from components.transform.config import RowTransform
from components.transform.executor import Executor
from pipeline.config import SCHEMAS
from pipeline.config.beam import Beam
from pipeline.data.higgs import FEATURES
from pipeline.data.higgs_toy import batches

SAMPLE = 5_000
MODES = ("packed", "per_column")
INPUTS = ("examples", "schema", "ingest_report")
"""Of our Transform; TFX's own has no report."""


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
        seconds = {mode: run(mode, folder) for mode in MODES}
        for mode in MODES:
            print(f"{mode}: {seconds[mode]:.1f} s, {arguments.rows / seconds[mode]:,.0f} rows/s")
        print(f"ratio: {seconds['per_column'] / seconds['packed']:.1f}")
        print(f"largest difference of a value: {difference(Path(folder)):.2g}")


def per_column(inputs: Mapping[str, tf.Tensor], custom_config: Mapping[str, Any]) -> dict[str, tf.Tensor]:
    """What TFX's own examples do."""
    return {name: tft.scale_to_z_score(inputs[name]) for name in FEATURES} | {"label": inputs["label"]}


def write_examples(folder: Path, rows: int) -> None:
    """Writes the rows as an Examples artifact, and the schema."""
    (folder / "examples" / "Split-train").mkdir(parents=True)
    (folder / "ingest_report").mkdir()
    report = IngestReport(found=rows, counts={"train": {"0": rows // 2, "1": rows - rows // 2}}, quarantined=0)
    write_report(report, str(folder / "ingest_report"))
    (folder / "schema").mkdir()
    (folder / "schema" / "schema.pbtxt").write_text((SCHEMAS / "higgs.pbtxt").read_text())
    with (folder / "examples" / "Split-train" / "data_tfrecord-00000-of-00001.gz").open("wb") as file:
        for batch in batches(rows):
            columns = dict(zip(FEATURES, batch[:, 1:].T, strict=True))
            labels = batch[:, 0].astype(int).astype(str)
            file.write(
                gzipped_records(
                    pa.table({name: np.ascontiguousarray(c) for name, c in columns.items()} | {"label": labels})
                )
            )


def run(mode: str, folder: str) -> float:
    """Measures in a new process."""
    command = [sys.executable, __file__, "--measure", mode, folder]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(done.stderr)
    return float(json.loads(done.stdout.splitlines()[-1]))


def measure(mode: str, folder: str) -> None:
    """Runs the component; imports aren't timed."""
    from tfx.components.transform import executor as tfx_transform  # noqa: PLC0415
    from tfx.types import standard_artifacts  # noqa: PLC0415

    from components.ingest.artifact import IngestReportArtifact  # noqa: PLC0415

    kinds = {
        "examples": standard_artifacts.Examples,
        "schema": standard_artifacts.Schema,
        "ingest_report": IngestReportArtifact,
        "transform_graph": standard_artifacts.TransformGraph,
    }
    stock = {
        "updated_analyzer_cache": standard_artifacts.TransformCache,
        "transformed_examples": standard_artifacts.Examples,
        "pre_transform_schema": standard_artifacts.Schema,
        "pre_transform_stats": standard_artifacts.ExampleStatistics,
        "post_transform_schema": standard_artifacts.Schema,
        "post_transform_stats": standard_artifacts.ExampleStatistics,
        "post_transform_anomalies": standard_artifacts.ExampleAnomalies,
    }
    artifacts = {name: kind() for name, kind in (kinds | (stock if mode == "per_column" else {})).items()}
    for name, artifact in artifacts.items():
        artifact.uri = f"{folder}/{name}" if name in INPUTS else f"{folder}/{mode}/{name}"
    artifacts["examples"].split_names = '["train"]'
    if mode == "per_column":
        artifacts["transformed_examples"].split_names = '["train"]'
    settings = RowTransform(features=FEATURES).model_dump(mode="json")
    function = "components.transform.rows.preprocessing_fn" if mode == "packed" else "row_transform.per_column"
    properties = {
        "preprocessing_fn": function,
        "custom_config": json.dumps({"transform": settings}),
        "splits_config": json.dumps({"analyze": ["train"], "transform": ["train"] if mode == "per_column" else []}),
        "force_tf_compat_v1": 0,
        "disable_statistics": int(mode == "packed"),
    }
    inputs = {name: [artifacts[name]] for name in INPUTS[: None if mode == "packed" else -1]}
    outputs = {name: [artifact] for name, artifact in artifacts.items() if name not in INPUTS}
    executor_class = Executor if mode == "packed" else tfx_transform.Executor
    executor = executor_class(executor_class.Context(beam_pipeline_args=list(Beam().arguments)))
    start = time.monotonic()
    executor.Do(inputs, outputs, properties)
    print(time.monotonic() - start)


def difference(folder: Path) -> float:
    """The largest difference between the two outputs, over the first rows."""
    (file,) = (folder / "examples" / "Split-train").iterdir()
    found = []
    for mode in MODES:
        output = tft.TFTransformOutput(str(folder / mode / "transform_graph"))
        (batch,) = tf.data.TFRecordDataset(str(file), compression_type="GZIP").take(SAMPLE).batch(SAMPLE)
        transformed = output.transform_features_layer()(tf.io.parse_example(batch, output.raw_feature_spec()))
        columns = [tf.reshape(transformed[name], [-1]) for name in FEATURES] if mode == "per_column" else None
        found.append(transformed["features"].numpy() if columns is None else np.column_stack(columns))
    return float(np.abs(found[0] - found[1]).max())


if __name__ == "__main__":
    main()
