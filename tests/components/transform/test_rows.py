import apache_beam as beam
import numpy as np
import pytest
import tensorflow as tf
import tensorflow_transform as tft
import tensorflow_transform.beam as tft_beam
from apache_beam.runners.portability.fn_api_runner import FnApiRunner
from tensorflow_transform.tf_metadata import dataset_metadata, metadata_io, schema_utils

from components.contract import FEATURES
from components.errors import TransferlineError
from components.transform.config import CountPositive, Quantiles, RowTransform
from components.transform.raw_features import raw_feature
from components.transform.rows import layout_of_features, preprocessing_fn, without_weight

COLUMNS = {
    "b": tf.io.FixedLenFeature([], tf.float32),
    "a": tf.io.VarLenFeature(tf.int64),
    "label": tf.io.FixedLenFeature([], tf.string),
}


def test_all_columns_of_numbers_are_packed_by_name():
    assert tuple(layout_of_features(COLUMNS, RowTransform()).columns) == ("a", "b")


def test_the_weight_of_a_row_is_no_feature():
    columns = {**COLUMNS, "w": tf.io.FixedLenFeature([], tf.float32)}
    assert tuple(layout_of_features(without_weight(columns, {"weight": "w"}), RowTransform()).columns) == ("a", "b")
    assert without_weight(columns, {"transform": {}}) == columns


def test_chosen_columns_keep_their_order():
    assert tuple(layout_of_features(COLUMNS, RowTransform(features=("b", "a"))).columns) == ("b", "a")


@pytest.mark.parametrize(
    ("columns", "settings", "cause"),
    [
        (COLUMNS, RowTransform(features=("label",)), "no column of numbers 'label'"),
        (COLUMNS, RowTransform(features=("c",)), "no column of numbers 'c'"),
        ({"label": COLUMNS["label"]}, RowTransform(), "no column of numbers"),
    ],
)
def test_what_cannot_be_packed(columns, settings, cause):
    with pytest.raises(TransferlineError, match=cause):
        layout_of_features(columns, settings)


def test_a_missing_number_is_absent_and_a_zero_is_not():
    sparse = raw_feature(tf.constant([0.0, float("nan"), 2.0]), tf.io.VarLenFeature(tf.float32))
    assert sparse.values.numpy().tolist() == [0.0, 2.0]
    assert sparse.indices.numpy().tolist() == [[0, 0], [2, 0]]
    assert sparse.dense_shape.numpy().tolist() == [3, 1]
    assert raw_feature(tf.constant([3.0]), tf.io.FixedLenFeature([], tf.int64)).dtype == tf.int64


A = [0.0, 1.0, 4.0, float("nan"), 16.0, 25.0, 36.0, 49.0]
PRESENT = [value for value in A if not np.isnan(value)]


def transformed(settings, folder):
    """Has TFT analyse rows as TFX has it: a second phase would read deep copies; then applies the graph."""
    metadata = dataset_metadata.DatasetMetadata(schema_utils.schema_from_feature_spec(COLUMNS))
    metadata_io.write_metadata(metadata, str(folder / tft.TFTransformOutput.RAW_METADATA_DIR))
    rows = [{"b": float(n), "a": [] if np.isnan(a) else [int(a)], "label": b"x"} for n, a in enumerate(A)]
    config = {"transform": settings.model_dump(mode="json")}
    with (
        beam.Pipeline(runner=FnApiRunner()) as pipeline,
        tft_beam.Context(temp_dir=str(folder / "temp"), use_deep_copy_optimization=True),
    ):
        data = (pipeline | beam.Create(rows), metadata)
        transform_fn = data | tft_beam.AnalyzeDataset(lambda inputs: preprocessing_fn(inputs, config))
        _ = transform_fn | tft_beam.WriteTransformFn(str(folder))
    raw = {"b": tf.range(8.0), "a": raw_feature(tf.constant(A), COLUMNS["a"]), "label": tf.fill([8], "x")}
    return tft.TFTransformOutput(str(folder)).transform_raw_features(raw)


SLICES = {"half": Quantiles(column="a", buckets=2), "positive": CountPositive(columns=("a", "b"))}


@pytest.mark.parametrize("standardize", [True, False])
def test_rows_with_missing_values_need_one_phase_only(tmp_path, standardize):
    found = transformed(RowTransform(slices=SLICES, standardize=standardize), tmp_path)
    expected = np.array([np.mean(PRESENT) if np.isnan(a) else a for a in A])
    if standardize:
        expected = (expected - np.mean(PRESENT)) / np.std(PRESENT)
    np.testing.assert_allclose(found[FEATURES][:, 0], expected, rtol=1e-4, atol=1e-6)
    assert found["half"].numpy().tolist() == [1, 1, 1, 0, 2, 2, 2, 2]
    assert found["positive"].numpy().tolist() == [0, 2, 2, 1, 2, 2, 2, 2]
