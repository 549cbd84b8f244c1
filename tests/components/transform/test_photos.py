import io

import numpy as np
import pytest
import tensorflow as tf
import tensorflow_transform as tft
from PIL import Image
from tensorflow_transform.tf_metadata import schema_utils

from components.transform.config import ImageTransform
from components.transform.images import image_tensor
from components.transform.raw_features import raw_feature, to_dense_1d
from tests.support.transform_step import transform_graph


def png(colour):
    buffer = io.BytesIO()
    Image.new("RGB", (20, 30), colour).save(buffer, "PNG")
    return buffer.getvalue()


@pytest.fixture(scope="module", params=[tf.io.FixedLenFeature([], tf.string), tf.io.VarLenFeature(tf.string)])
def analysed(request, tmp_path_factory):
    """The transform output of photos, by the schema of a fixed shape and by an inferred one."""
    spec = {"image": request.param, "label": request.param, "image/path": request.param}
    schema = schema_utils.schema_from_feature_spec(spec)
    folder = tmp_path_factory.mktemp("transform")
    return tft.TFTransformOutput(
        transform_graph(folder, "photos", ImageTransform(image_size=32), schema, ["cat", "dog"])
    )


def test_the_transformed_photo_has_a_fixed_shape(analysed):
    spec = analysed.transformed_feature_spec()

    assert spec["image"] == tf.io.FixedLenFeature([32, 32, 3], tf.float32)
    assert sorted(spec) == ["image", "label"]


def test_the_graph_decodes_a_photo_without_its_label(analysed):
    data = png("green")
    raw = raw_feature(tf.constant([data]), analysed.raw_feature_spec()["image"])

    transformed = analysed.transform_features_layer()({"image": raw})

    np.testing.assert_allclose(transformed["image"][0], image_tensor(tf.constant(data), 32, "symmetric"), atol=1e-6)
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
