from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
import tensorflow_transform as tft
from google.protobuf import text_format
from tensorflow_metadata.proto.v0 import schema_pb2
from tfx.components.transform import executor as tfx_transform

from components.csv_example_gen.column_counts import ColumnCounts
from components.transform.config import Category, ImageTransform, RowTransform
from components.transform.labels import class_names
from components.transform.photos import read_settings
from components.transform.reading import BatchedExamples
from components.transform.vector import FIRST, UNSEEN, find_layout
from tests.support.transform_step import transform_graph

SCHEMA = """
feature { name: "mass" type: FLOAT presence { min_fraction: 1 } shape { dim { size: 1 } } }
feature { name: "label" type: BYTES presence { min_fraction: 1 } shape { dim { size: 1 } } }
"""
LABELS = ["dog" if number % 3 else "cat" for number in range(20)]


@pytest.fixture
def sources(monkeypatch):
    """What asked for records to be read."""
    found = []
    real = BatchedExamples.BeamSource
    monkeypatch.setattr(BatchedExamples, "BeamSource", lambda *given: found.append(given) or real(*given))
    return found


def schema(text):
    return text_format.Parse(text, schema_pb2.Schema())


def row(mass, label):
    example = tf.train.Example()
    example.features.feature["mass"].float_list.value.append(mass)
    example.features.feature["label"].bytes_list.value.append(label.encode())
    return example.SerializeToString()


def test_rows_are_read_in_batches_and_analysed_as_by_tfx(tmp_path, sources):
    records = [row(mass, label) for mass, label in enumerate(LABELS)]
    folder = transform_graph(tmp_path, "rows", RowTransform(), schema(SCHEMA), LABELS, records)
    assert sources
    assert class_names(folder) == ("cat", "dog")
    output = tft.TFTransformOutput(folder)
    raw = {"mass": tf.constant([[9.5], [19.0]]), "label": tf.constant([["cat"], ["dog"]])}
    features = output.transform_features_layer()(raw)["features"].numpy()[:, 0]
    assert features == pytest.approx([0.0, 9.5 / 33.25**0.5], abs=1e-5)  # mean 9.5 and variance 33.25 of 0 to 19
    assert tfx_transform.TransformProcessor.__module__.startswith("tfx.")


def test_a_number_to_predict_is_handed_on_and_has_no_classes(tmp_path):
    records = []
    for mass in range(20):
        example = tf.train.Example()
        example.features.feature["mass"].float_list.value.append(mass)
        example.features.feature["label"].float_list.value.append(2.5 * mass)
        records.append(example.SerializeToString())
    of_numbers = schema(SCHEMA.replace("BYTES", "FLOAT"))
    folder = transform_graph(tmp_path, "rows", RowTransform(), of_numbers, [""] * 20, records, task="regression")
    raw = {"mass": tf.constant([[9.5], [19.0]]), "label": tf.constant([[1.25], [-3.0]])}
    found = tft.TFTransformOutput(folder).transform_features_layer()(raw)
    assert found["label"].dtype == tf.float32
    assert found["label"].numpy().tolist() == [1.25, -3.0]
    assert found["features"].shape == (2, 1)
    assert not list(Path(folder).rglob("class_names.json"))


def counted(name, kind, values):
    return ColumnCounts(name=name, type=kind, rows=20, distinct=len(values), values=values)


def test_the_vector_is_planned_by_what_was_counted_and_needs_no_reading_where_all_is_coded(tmp_path, sources):
    columns = [counted("mass", "float", {"0": 18, "1": 1, "2": 1}), counted("label", "string", {"dog": 13, "cat": 7})]
    settings = RowTransform(features={"mass": Category()})
    folder = transform_graph(tmp_path, "rows", settings, schema(SCHEMA), LABELS, columns=columns)
    assert not sources
    (part,) = find_layout(folder).parts
    assert (part.kind, part.values) == ("category", ("0", "1", "2"))
    raw = {"mass": tf.constant([[1.0], [19.0]]), "label": tf.constant([["cat"], ["dog"]])}
    features = tft.TFTransformOutput(folder).transform_features_layer()(raw)["features"].numpy()[:, 0]
    assert features.tolist() == [FIRST + 1, UNSEEN]


def test_the_graph_of_photos_is_made_without_reading_one(tmp_path, sources):
    of_photos = schema(SCHEMA.replace("mass", "image").replace("FLOAT", "BYTES"))
    folder = transform_graph(tmp_path, "photos", ImageTransform(image_size=32), of_photos, LABELS)
    assert not sources
    assert class_names(folder) == ("cat", "dog")
    photo = tf.io.encode_png(tf.fill([5, 7, 3], tf.constant(255, tf.uint8)))
    raw = {"image": photo[tf.newaxis, tf.newaxis], "label": tf.constant([["cat"]])}
    image = tft.TFTransformOutput(folder).transform_features_layer()(raw)["image"].numpy()
    assert image.shape == (1, 32, 32, 3)
    assert image == pytest.approx(1.0)


def test_the_graph_of_photos_may_see_the_middle_alone_and_says_how_it_sees(tmp_path):
    of_photos = schema(SCHEMA.replace("mass", "image").replace("FLOAT", "BYTES"))
    pixels = np.zeros([8, 24, 3], np.uint8)
    pixels[:, 8:16] = 255
    raw = {"image": tf.io.encode_png(pixels)[tf.newaxis, tf.newaxis], "label": tf.constant([["cat"]])}
    for crop in (True, False):
        settings = ImageTransform(image_size=32, crop_to_aspect_ratio=crop)
        folder = transform_graph(tmp_path / str(crop), "photos", settings, of_photos, LABELS)
        image = tft.TFTransformOutput(folder).transform_features_layer()(raw)["image"].numpy()
        assert image.shape == (1, 32, 32, 3)
        assert (image.min() > 0.9) == crop
        assert read_settings(folder) == settings
