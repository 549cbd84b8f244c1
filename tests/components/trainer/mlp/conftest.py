"""Rows in TFRecords, and the Transform output over them, as the pipeline would leave them."""

import types

import apache_beam as beam
import numpy as np
import pytest
import tensorflow as tf
import tensorflow_transform as tft
import tensorflow_transform.beam as tft_beam
from apache_beam.runners.portability.fn_api_runner import FnApiRunner
from tensorflow_transform.tf_metadata import dataset_metadata, metadata_io, schema_utils

from components.arrow import pa
from components.csv_example_gen.encode import gzipped_records
from components.trainer.mlp.config import MLP, MLPTraining
from components.transform.config import CountPositive, Quantiles, RowTransform
from components.transform.labels import write_class_names
from components.transform.rows import preprocessing_fn

SPEC = {
    "a": tf.io.FixedLenFeature([], tf.float32),
    "b": tf.io.VarLenFeature(tf.float32),
    "n": tf.io.FixedLenFeature([], tf.int64),
    "city": tf.io.VarLenFeature(tf.string),
    "label": tf.io.FixedLenFeature([], tf.string),
}
TRANSFORM = RowTransform(
    slices={"a_quarter": Quantiles(column="a"), "positive": CountPositive(columns=("a", "b"))},
)
MODELS = {"narrow": MLP(widths=(1,)), "wide": MLP(widths=(16,))}


def table(rows, seed):
    rng = np.random.default_rng(seed)
    a, b = rng.normal(size=(2, rows)).astype(np.float32)
    labels = np.where(a * b > 0, "yes", "no")  # one unit alone can't tell
    return pa.table(
        {
            "a": a,
            "b": pa.array(b, pa.float32(), mask=rng.random(rows) < 0.1),
            "n": rng.integers(0, 9, rows),
            "city": ["Rome"] * rows,
            "label": labels.tolist(),
        }
    )


@pytest.fixture(scope="session")
def data(tmp_path_factory):
    """(folder of the TFRecords, Transform's folder, the training table)."""
    folder = tmp_path_factory.mktemp("rows")
    train = table(1200, 0)
    (folder / "train.gz").write_bytes(gzipped_records(train))
    (folder / "eval.gz").write_bytes(gzipped_records(table(300, 1)))
    metadata = dataset_metadata.DatasetMetadata(schema_utils.schema_from_feature_spec(SPEC))
    metadata_io.write_metadata(metadata, str(folder / "transform" / tft.TFTransformOutput.RAW_METADATA_DIR))
    rows = [
        {name: value if isinstance(SPEC[name], tf.io.FixedLenFeature) else [value] * (value is not None)
         for name, value in row.items()}
        for row in train.to_pylist()
    ]  # fmt: skip
    config = {"transform": TRANSFORM.model_dump(mode="json")}
    with beam.Pipeline(runner=FnApiRunner()) as pipeline, tft_beam.Context(temp_dir=str(folder / "beam")):
        examples = (pipeline | beam.Create(rows), metadata)
        transform_fn = examples | tft_beam.AnalyzeDataset(lambda inputs: preprocessing_fn(inputs, config))
        _ = transform_fn | tft_beam.WriteTransformFn(str(folder / "transform"))
    write_class_names(train["label"].unique().to_pylist(), str(folder / "transform"))
    return folder, train


@pytest.fixture
def fn_args(data, tmp_path):
    """A function that makes TFX's FnArgs."""
    folder, _ = data

    def make(models=MODELS, **changes):
        settings = MLPTraining(models=models, batch_size=100, max_epochs=60, patience=20, learning_rate=0.02)
        given = {
            "train_files": [str(folder / "train.gz")],
            "eval_files": [str(folder / "eval*")],
            "transform_graph_path": str(folder / "transform"),
            "serving_model_dir": str(tmp_path / "model"),
            "model_run_dir": str(tmp_path / "run"),
            "working_dir": str(tmp_path / "tuner"),
            "hyperparameters": None,
            "custom_config": {
                "trainer": settings.model_dump(mode="json"),
                "transform": TRANSFORM.model_dump(mode="json"),
                "models": list(models),
                "training_code": "0123",
            },
        }
        return types.SimpleNamespace(**{**given, **changes})

    return make
