"""The whole step on stored rows, of more than it is to fit on."""

import apache_beam as beam
import number_rows
import numpy as np
import pytest
import tensorflow as tf
import tensorflow_transform as tft
import tensorflow_transform.beam as tft_beam
from apache_beam.runners.portability.fn_api_runner import FnApiRunner
from tensorflow_transform.tf_metadata import dataset_metadata, metadata_io, schema_utils
from tfx.types import standard_artifacts

from components.arrow import pa
from components.csv_example_gen.encode import gzipped_records
from components.ingest.artifact import IngestReportArtifact
from components.ingest.record_files import shard_name
from components.ingest.report import IngestReport, write_report
from components.metric_text import metric_text
from components.outcome import GUESSING, LOGISTIC, RIDGE, TREES
from components.transform.config import RowTransform
from components.transform.labels import write_class_names
from components.transform.rows import WEIGHT, preprocessing_fn
from components.yardstick.component import YardstickArtifact
from components.yardstick.config import YardstickSettings
from components.yardstick.executor import Executor
from components.yardstick.results import read_yardstick

TRAIN, TEST = 3000, 500
SPEC = {
    "a": tf.io.FixedLenFeature([], tf.float32),
    "b": tf.io.VarLenFeature(tf.float32),
    "w": tf.io.FixedLenFeature([], tf.float32),
    "label": tf.io.FixedLenFeature([], tf.string),
}


def table(rows, seed):
    rng = np.random.default_rng(seed)
    a, b = rng.normal(size=(2, rows)).astype(np.float32)
    labels = np.where(a * b > 0, "yes", "no")  # what no straight line tells
    holes = pa.array(b, pa.float32(), mask=rng.random(rows) < 0.1)
    return pa.table({"a": a, "b": holes, "w": (a > 0).astype(np.float32), "label": labels.tolist()})


@pytest.fixture(scope="module")
def inputs(tmp_path_factory):
    """The step's input artifacts."""
    folder = tmp_path_factory.mktemp("stored")
    tables = {"train": table(TRAIN, 0), "test": table(TEST, 1)}
    for split, rows in tables.items():
        (folder / "examples" / f"Split-{split}").mkdir(parents=True)
        for part in range(2):
            half = rows.num_rows // 2
            file = folder / "examples" / f"Split-{split}" / shard_name(part, 2)
            file.write_bytes(gzipped_records(rows.slice(part * half, half)))
    graph = folder / "graph"
    metadata = dataset_metadata.DatasetMetadata(schema_utils.schema_from_feature_spec(SPEC))
    metadata_io.write_metadata(metadata, str(graph / tft.TFTransformOutput.RAW_METADATA_DIR))
    rows = [{**row, "b": [row["b"]] * (row["b"] is not None)} for row in tables["train"].to_pylist()]
    config = {"transform": RowTransform().model_dump(mode="json"), WEIGHT: "w"}
    with beam.Pipeline(runner=FnApiRunner()) as pipeline, tft_beam.Context(temp_dir=str(folder / "beam")):
        examples = (pipeline | beam.Create(rows), metadata)
        transform_fn = examples | tft_beam.AnalyzeDataset(lambda inputs: preprocessing_fn(inputs, config))
        _ = transform_fn | tft_beam.WriteTransformFn(str(graph))
    write_class_names(["yes", "no"], str(graph))
    counts = {"train": {"yes": TRAIN}, "test": {"yes": TEST}}
    return artifacts(folder, folder / "examples", graph, IngestReport(found=TRAIN + TEST, counts=counts, quarantined=0))


def artifacts(folder, examples, graph, report):
    """The step's input artifacts, of what lies in these folders."""
    (folder / "report").mkdir()
    write_report(report, str(folder / "report"))
    found = {
        "examples": standard_artifacts.Examples(),
        "transform_graph": standard_artifacts.TransformGraph(),
        "ingest_report": IngestReportArtifact(),
    }
    for artifact, path in zip(found.values(), (examples, graph, folder / "report"), strict=True):
        artifact.uri = str(path)
    found["examples"].split_names = '["train", "test"]'
    return {name: [artifact] for name, artifact in found.items()}


def measured(inputs, folder, weight="", task=None, **settings):
    output = YardstickArtifact()
    output.uri = str(folder)
    properties = {"settings": YardstickSettings(**settings).model_dump_json(), "weight": weight}
    properties |= {"task": task} if task else {}
    Executor().Do(inputs, {"yardstick": [output]}, properties)
    return read_yardstick(str(folder))


def without_times(yardstick):
    return {name: scores.model_copy(update={"seconds": 0}) for name, scores in yardstick.models.items()}


def test_all_rows_are_taken_where_they_are_few(inputs, tmp_path):
    found = measured(inputs, tmp_path / "all")
    assert (found.fitted_rows, found.training_rows, found.test_rows) == (TRAIN, TRAIN, TEST)
    assert found.models[TREES].accuracy > 0.9
    assert found.models[LOGISTIC].accuracy < 0.6
    assert found.models[GUESSING].accuracy < 0.6


def test_of_many_rows_a_sample_is_taken_by_the_seed(inputs, tmp_path):
    first = measured(inputs, tmp_path / "first", rows=400)
    assert (first.fitted_rows, first.training_rows, first.test_rows) == (400, TRAIN, TEST)
    again, other = (
        measured(inputs, tmp_path / "again", rows=400),
        measured(inputs, tmp_path / "other", rows=400, seed=1),
    )
    assert without_times(again) == without_times(first)
    assert without_times(other) != without_times(first)


def test_rows_count_by_their_weights(inputs, tmp_path):
    """Where a is above 0 the sign of b alone tells the class, also by a straight line; other rows weigh nothing."""
    found = measured(inputs, tmp_path / "weighted", weight="w")
    assert found.models[LOGISTIC].accuracy > 0.9
    assert found.models[TREES].accuracy > 0.9


@pytest.fixture(scope="module")
def number_inputs(tmp_path_factory):
    """The step's input artifacts of a number to predict."""
    folder = tmp_path_factory.mktemp("numbers")
    rows = {"train": number_rows.table(2000, 0), "test": number_rows.table(500, 1)}
    number_rows.write(folder, rows)
    counts = {split: {"": each.num_rows} for split, each in rows.items()}
    return artifacts(folder, folder, folder / "graph", IngestReport(found=2500, counts=counts, quarantined=0))


@pytest.mark.parametrize("weight", ["", "w"])
def test_a_number_to_predict_is_measured_by_its_error(number_inputs, tmp_path, weight):
    found = measured(number_inputs, tmp_path, weight, "regression")
    assert list(found.models) == [GUESSING, RIDGE, TREES]
    assert (found.fitted_rows, found.test_rows) == (2000, 500)
    guessing, ridge, trees = found.models.values()
    assert trees.rmse < ridge.rmse < guessing.rmse
    assert abs(guessing.r2) < 0.02
    assert trees.r2 == pytest.approx(1 - (trees.rmse / guessing.rmse) ** 2, abs=0.02)
    first, second = found.beside({"rmse": 4.25, "r2": 0.875, "mse": 18.0625})
    assert first.removesuffix(" (as in training)").split(", ") == [
        "RMSE: this model 4.250",
        *(f"{name} {metric_text('rmse', found.models[name].rmse)}" for name in (TREES, RIDGE, GUESSING)),
    ]
    assert second.startswith(f"R2: this model 0.8750, trees {trees.r2:.4f}, ridge regression")


def test_guessing_a_number_is_the_mean_of_the_training_rows_by_their_weights(number_inputs, tmp_path):
    train, test = (number_rows.table(rows, seed) for rows, seed in ((2000, 0), (500, 1)))
    (label, weight), (others, other_weights) = (
        [rows[name].to_numpy().astype(float) for name in ("label", "w")] for rows in (train, test)
    )
    mean = np.average(label, weights=weight)
    expected = np.sqrt(np.average((others - mean) ** 2, weights=other_weights))
    found = measured(number_inputs, tmp_path, "w", "regression")
    assert found.models[GUESSING].rmse == pytest.approx(expected, rel=1e-6)
