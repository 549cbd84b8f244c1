"""Tiny models, saved as the Trainer saves them, whose answers can be worked out by hand."""

import json

import pytest
import tensorflow as tf

from components.trainer.serving import COLUMNS_FILE, answer, save
from pipeline.prediction.pushed_model import PushedModel

COLUMNS = ("a", "my b")


class OfPhotos(tf.Module):
    """Says how bright the upper half of a photo is."""

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string, name="image_bytes")])
    def classify(self, image_bytes):
        def brightness(photo):
            pixels = tf.image.resize(tf.io.decode_image(photo, channels=3, expand_animations=False), [2, 2])
            return tf.reduce_mean(pixels[:1]) / 255

        bright = tf.map_fn(brightness, image_bytes, fn_output_signature=tf.float32)
        return answer(bright[:, tf.newaxis], ("dark", "light"))


class OfRows(tf.Module):
    """Says the sigmoid of a - 2 b; a missing a counts as 0, and b was never missing in training."""

    @tf.function(input_signature=[tf.TensorSpec([None, 2], tf.float32, name="rows")])
    def classify(self, rows):
        a = tf.where(tf.math.is_nan(rows[:, :1]), 0.0, rows[:, :1])
        return answer(tf.sigmoid(a - 2 * rows[:, 1:]), ("no", "yes"))


@pytest.fixture(scope="session")
def photo_model(tmp_path_factory):
    folder = str(tmp_path_factory.mktemp("pushed") / "1")
    model = OfPhotos()
    save(model, {"image_bytes": model.classify}, ("dark", "light"), [], folder)
    return PushedModel(folder)


@pytest.fixture(scope="session")
def row_model(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pushed") / "1"
    model = OfRows()
    save(model, {"rows": model.classify}, ("no", "yes"), [], str(folder))
    (folder / COLUMNS_FILE).write_text(json.dumps(COLUMNS))
    return PushedModel(str(folder))
