"""Tiny models, saved as the Trainer saves them, whose answers can be worked out by hand."""

import json

import tensorflow as tf

from components.answering import Answering
from components.operating_point import EVEN
from components.task import ServedTask, write_task
from components.trainer.serving import COLUMNS_FILE, INPUTS_FILE, classification_outputs, save, save_graph

COLUMNS = ("a", "my b")


class OfPhotos(tf.Module):
    """Says how bright the upper half of a photo is."""

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string, name="image_bytes")])
    def classify(self, image_bytes):
        def brightness(photo):
            pixels = tf.image.resize(tf.io.decode_image(photo, channels=3, expand_animations=False), [2, 2])
            return tf.reduce_mean(pixels[:1]) / 255

        bright = tf.map_fn(brightness, image_bytes, fn_output_signature=tf.float32)
        return classification_outputs(bright[:, tf.newaxis], ("dark", "light"))


class OfRows(tf.Module):
    """Says the sigmoid of a - 2 b; a missing a counts as 0, and b was never missing in training."""

    def __init__(self, classes, cut):
        super().__init__()
        self.classes, self.cut = classes, cut

    @tf.function(input_signature=[tf.TensorSpec([None, 2], tf.float32, name="rows")])
    def classify(self, rows):
        a = tf.where(tf.math.is_nan(rows[:, :1]), 0.0, rows[:, :1])
        return classification_outputs(tf.sigmoid(a - 2 * rows[:, 1:]), self.classes, self.cut)


class OfColumns(tf.Module):
    """Says yes with 0.9 for a colour and a code that it knows, 0.6 for one of them, 0.1 else; adds size / 1000."""

    @tf.function(
        input_signature=[
            tf.TensorSpec([None], tf.float32, name="size"),
            tf.TensorSpec([None], tf.float64, name="code"),
            tf.TensorSpec([None], tf.string, name="colour"),
            tf.TensorSpec([None], tf.string, name="day"),
        ]
    )
    def classify(self, size, code, colour, day):
        known = tf.cast(code == 7, tf.float32) + tf.cast(colour == "red", tf.float32)
        known += 10 * tf.cast(day == "2024-02-29T00:00:00", tf.float32)
        scores = tf.gather([0.1, 0.6, 0.9], tf.cast(known % 10, tf.int32)) - 0.05 * tf.cast(known >= 10, tf.float32)
        size = tf.where(tf.math.is_nan(size), 0.0, size)
        return classification_outputs((scores + size / 1000)[:, tf.newaxis], ("no", "yes"))


class OfNumbers(tf.Module):
    """Says 100 plus size, and 7.5 less on a day that it knows; of a size above 1e38 it says infinity."""

    @tf.function(
        input_signature=[
            tf.TensorSpec([None], tf.float32, name="size"),
            tf.TensorSpec([None], tf.string, name="day"),
        ]
    )
    def predict(self, size, day):
        known = tf.cast(day == "2024-02-29T00:00:00", tf.float32)
        answer = 100 + tf.where(tf.math.is_nan(size), 0.0, size) - 7.5 * known
        return {"prediction": tf.where(answer > 1e38, float("inf"), answer)}


COLUMN_TYPES = {"size": "float", "code": "int", "colour": "string", "day": "date"}


def save_column_model(folder, trained=None, classes=("no", "yes")):
    """Saves a model of two classes by columns of each type, with what training had in some of them."""
    model = OfColumns()
    save(model, {"columns": model.classify}, classes, [], str(folder))
    inputs = {name: {"input": name, "type": kind} for name, kind in COLUMN_TYPES.items()}
    for name, each in (trained or {}).items():
        inputs[name]["trained"] = each
    (folder / INPUTS_FILE).write_text(json.dumps(inputs))


def save_photo_model(folder):
    """Saves a model of the classes dark and light."""
    model = OfPhotos()
    save(model, {"image_bytes": model.classify}, ("dark", "light"), [], str(folder))


def save_row_model(folder, classes=("no", "yes"), columns=COLUMNS, cut=EVEN):
    """Saves a model of two classes by two columns."""
    model = OfRows(classes, cut)
    save(model, {"rows": model.classify}, classes, [], str(folder), Answering(cut=cut))
    (folder / COLUMNS_FILE).write_text(json.dumps(columns))


def save_number_model(folder):
    """Saves a model of a number by two columns."""
    model = OfNumbers()
    save_graph(model, {"columns": model.predict}, [], str(folder))
    write_task(ServedTask(task="regression", label="price", lowest=90, highest=110), str(folder))
    inputs = {name: {"input": name, "type": COLUMN_TYPES[name]} for name in ("size", "day")}
    (folder / INPUTS_FILE).write_text(json.dumps(inputs))
