"""Tiny models, saved as the Trainer saves them, whose answers can be worked out by hand."""

import json

import tensorflow as tf

from components.trainer.serving import COLUMNS_FILE, classification_outputs, save

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

    def __init__(self, classes):
        super().__init__()
        self.classes = classes

    @tf.function(input_signature=[tf.TensorSpec([None, 2], tf.float32, name="rows")])
    def classify(self, rows):
        a = tf.where(tf.math.is_nan(rows[:, :1]), 0.0, rows[:, :1])
        return classification_outputs(tf.sigmoid(a - 2 * rows[:, 1:]), self.classes)


def save_photo_model(folder):
    """Saves a model of the classes dark and light."""
    model = OfPhotos()
    save(model, {"image_bytes": model.classify}, ("dark", "light"), [], str(folder))


def save_row_model(folder, classes=("no", "yes"), columns=COLUMNS):
    """Saves a model of two classes by two columns."""
    model = OfRows(classes)
    save(model, {"rows": model.classify}, classes, [], str(folder))
    (folder / COLUMNS_FILE).write_text(json.dumps(columns))
