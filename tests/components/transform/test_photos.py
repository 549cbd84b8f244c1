import io

import apache_beam as beam
import numpy as np
import pytest
import tensorflow as tf
import tensorflow_transform as tft
import tensorflow_transform.beam as tft_beam
from apache_beam.runners.portability.fn_api_runner import FnApiRunner
from PIL import Image
from tensorflow_transform.tf_metadata import dataset_metadata, metadata_io, schema_utils

from components.transform.config import ImageTransform
from components.transform.images import image_tensor
from components.transform.labels import class_names
from components.transform.photos import preprocessing_fn
from components.transform.raw_features import raw_feature, to_dense_1d


def png(colour):
    buffer = io.BytesIO()
    Image.new("RGB", (20, 30), colour).save(buffer, "PNG")
    return buffer.getvalue()


@pytest.fixture(scope="module", params=[tf.io.FixedLenFeature([], tf.string), tf.io.VarLenFeature(tf.string)])
def analysed(request, tmp_path_factory):
    """The transform output of three photos, by the schema of a fixed shape and by an inferred one."""
    folder = str(tmp_path_factory.mktemp("transform"))
    spec = {"image": request.param, "label": request.param, "image/path": request.param}
    metadata = dataset_metadata.DatasetMetadata(schema_utils.schema_from_feature_spec(spec))
    one = (lambda value: value) if isinstance(request.param, tf.io.FixedLenFeature) else (lambda value: [value])
    rows = [
        {"image": one(png(colour)), "label": one(label), "image/path": one(b"x")}
        for colour, label in [("red", b"dog"), ("blue", b"dog"), ("white", b"cat")]
    ]
    config = {"transform": ImageTransform(image_size=32).model_dump(mode="json")}
    metadata_io.write_metadata(metadata, f"{folder}/transform/{tft.TFTransformOutput.RAW_METADATA_DIR}")
    with beam.Pipeline(runner=FnApiRunner()) as pipeline, tft_beam.Context(temp_dir=f"{folder}/beam"):
        data = (pipeline | beam.Create(rows), metadata)
        transform_fn = data | tft_beam.AnalyzeDataset(lambda inputs: preprocessing_fn(inputs, config))
        _ = transform_fn | tft_beam.WriteTransformFn(f"{folder}/transform")
    return tft.TFTransformOutput(f"{folder}/transform")


def test_the_transform_output_holds_the_vocabulary_of_labels(analysed):
    assert class_names(analysed) == ("cat", "dog")


def test_the_transformed_photo_has_a_fixed_shape(analysed):
    spec = analysed.transformed_feature_spec()

    assert spec["image"] == tf.io.FixedLenFeature([32, 32, 3], tf.float32)
    assert sorted(spec) == ["image", "label"]


def test_the_graph_decodes_a_photo_without_its_label(analysed):
    data = png("green")
    raw = raw_feature(tf.constant([data]), analysed.raw_feature_spec()["image"])

    transformed = analysed.transform_features_layer()({"image": raw})

    np.testing.assert_allclose(transformed["image"][0], image_tensor(tf.constant(data), 32), atol=1e-6)
    assert "label" not in transformed


@pytest.mark.parametrize(
    "spec",
    [
        tf.io.FixedLenFeature([], tf.string),
        tf.io.FixedLenFeature([1], tf.string),
        tf.io.VarLenFeature(tf.string),
    ],
)
def test_one_a_row_undoes_raw_feature_whatever_the_schema_says(spec):
    rows = tf.constant(["a", "b"])

    np.testing.assert_array_equal(to_dense_1d(raw_feature(rows, spec)), rows)
