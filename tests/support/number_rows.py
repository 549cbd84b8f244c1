"""Rows with a number to predict, and the Transform output over them, as the pipeline would leave them."""

import types

import apache_beam as beam
import numpy as np
import tensorflow as tf
import tensorflow_transform as tft
import tensorflow_transform.beam as tft_beam
from apache_beam.runners.portability.fn_api_runner import FnApiRunner
from tensorflow_transform.tf_metadata import dataset_metadata, metadata_io, schema_utils

from components.arrow import pa
from components.csv_example_gen.encode import gzipped_records
from components.ingest.record_files import shard_name
from components.trainer.mlp.config import MLPTraining
from components.transform.config import RowTransform
from components.transform.rows import WEIGHT, preprocessing_fn
from components.transform.vector import layout_of_numbers, write_layout

ROWS = {"train": 1200, "eval": 300, "test": 400}
SPEC = {
    "a": tf.io.FixedLenFeature([], tf.float32),
    "b": tf.io.VarLenFeature(tf.float32),
    "w": tf.io.FixedLenFeature([], tf.float32),
    "label": tf.io.FixedLenFeature([], tf.float32),
}
TRANSFORM = RowTransform()
CONFIG = {"transform": TRANSFORM.model_dump(mode="json"), WEIGHT: "w"}
NOISE = 1.0
"""Standard deviation of what nobody can know of a label."""


def table(rows, seed):
    """The label is about 1000 + 20 a, and 30 less where b is below 0; a row weighs 0 or 2."""
    rng = np.random.default_rng(seed)
    a, b = rng.normal(size=(2, rows)).astype(np.float32)
    label = 1000 + 20 * a - 30 * (b < 0) + NOISE * rng.normal(size=rows)
    holes = rng.random(rows) < 0.1
    return pa.table(
        {
            "a": a,
            "b": pa.array(np.where(holes, 0, b).astype(np.float32), pa.float32(), mask=holes),
            "w": rng.integers(0, 2, rows).astype(np.float32) * 2,
            "label": label.astype(np.float32),
        }
    )


def files(folder, split):
    """Glob patterns of a split's TFRecords."""
    return [str(folder / f"Split-{split}" / "*.gz")]


def write(folder, tables):
    """Writes the TFRecords of each split, and below "graph" what Transform makes of the training split."""
    for split, rows in tables.items():
        (folder / f"Split-{split}").mkdir(parents=True)
        (folder / f"Split-{split}" / shard_name(0, 1)).write_bytes(gzipped_records(rows))
    graph = folder / "graph"
    metadata = dataset_metadata.DatasetMetadata(schema_utils.schema_from_feature_spec(SPEC))
    metadata_io.write_metadata(metadata, str(graph / tft.TFTransformOutput.RAW_METADATA_DIR))
    rows = [{**row, "b": [row["b"]] * (row["b"] is not None)} for row in tables["train"].to_pylist()]
    with beam.Pipeline(runner=FnApiRunner()) as pipeline, tft_beam.Context(temp_dir=str(folder / "beam")):
        examples = (pipeline | beam.Create(rows), metadata)
        transform_fn = examples | tft_beam.AnalyzeDataset(lambda inputs: preprocessing_fn(inputs, CONFIG))
        _ = transform_fn | tft_beam.WriteTransformFn(str(graph))
    write_layout(layout_of_numbers({"a": "float", "b": "float"}, TRANSFORM), str(graph))


def fn_args(folder, output, models, *, weighted=False, **settings):
    """What TFX gives a trainer or a tuner.

    Args:
        folder: That was written.
        output: Where model, run and trials go.
        models: By name.
        weighted: Whether rows have weights.
        settings: Of the trainer.
    """
    wanted = {"batch_size": 100, "max_epochs": 60, "patience": 20, "learning_rate": 0.02} | settings
    return types.SimpleNamespace(
        train_files=files(folder, "train"),
        eval_files=files(folder, "eval"),
        transform_graph_path=str(folder / "graph"),
        serving_model_dir=str(output / "model"),
        model_run_dir=str(output / "run"),
        working_dir=str(output / "tuner"),
        hyperparameters=None,
        custom_config={
            "trainer": MLPTraining(models=models, **wanted).model_dump(mode="json"),
            "transform": TRANSFORM.model_dump(mode="json"),
            "models": list(models),
            "training_code": "0123",
            "task": "regression",
            "label": "price",
            **({WEIGHT: "w"} if weighted else {}),
        },
    )
