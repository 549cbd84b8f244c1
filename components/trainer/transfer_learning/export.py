"""Exports the SavedModel that TensorFlow Serving and the Evaluator load; it takes photos as stored or as sent."""

from collections.abc import Sequence

import tensorflow as tf
import tensorflow_transform as tft
import tf_keras as keras

from components.answering import Answering
from components.contract import IMAGE, LABEL
from components.trainer.answering import scores_of
from components.trainer.serving import (
    SERVING_DEFAULT,
    classification_outputs,
    save,
    string_signature,
    traced_once,
    warm_up_request,
)
from components.trainer.transfer_learning.dataset import read_records
from components.trainer.transfer_learning.model import HeadKind, logits_of
from components.transform.labels import label_ids
from components.transform.raw_features import raw_feature, to_dense_1d

WARM_UP_PHOTOS = 2


class ServedModel(tf.Module):
    """A trained model, the transform graph before it and the class names after it.

    Holds the variables rather than the Keras model: loading needs no Keras, and saving doesn't trace 154 layers.

    Args:
        model: The trained model.
        head: What the model's head gives.
        tft_output: The output of the Transform step.
        class_names: The class names, in the order of their numbers.
        answering: How what the head gives becomes an answer.
    """

    def __init__(
        self,
        model: keras.Model,
        head: HeadKind,
        tft_output: tft.TFTransformOutput,
        class_names: Sequence[str],
        answering: Answering,
    ) -> None:
        super().__init__(name="served_model")
        self.model_variables = model.variables
        self._raw_spec = tft_output.raw_feature_spec()
        self.class_names = tuple(class_names)
        self._head = head
        self.answering = answering
        # tf.Module tracks what is assigned to it, and saving a Keras object that is tracked takes seconds; a function
        # isn't tracked. Saving fails if the transform graph ever holds a resource, such as a table, of its own.
        transform = tft_output.transform_features_layer().__call__
        self._photo_tensors = traced_once(
            lambda encoded: transform({IMAGE: raw_feature(encoded, self._raw_spec[IMAGE])})[IMAGE],
            tf.TensorSpec([None], tf.string),
        )
        self._predict = traced_once(
            lambda photos: model(photos, training=False), tf.TensorSpec(model.input_shape, tf.float32)
        )

    def signatures(self) -> dict[str, tf.types.experimental.PolymorphicFunction]:
        """Returns the signatures by name, each for any number of rows."""
        return {
            SERVING_DEFAULT: string_signature(self.classify_examples, "examples"),
            "image_bytes": string_signature(self.classify_photos, "image_bytes"),
            "transform_features": string_signature(self.transform_features, "examples"),
            "transform_labels": string_signature(self.transform_labels, "examples"),
        }

    def classify_examples(self, examples: tf.Tensor) -> dict[str, tf.Tensor]:
        """Classifies serialized tf.Examples, string [batch], of which only the feature `image` is used."""
        return self._classify(self.transform_features(examples)[IMAGE])

    def classify_photos(self, image_bytes: tf.Tensor) -> dict[str, tf.Tensor]:
        """Classifies encoded photos, string [batch], of any width and height."""
        return self._classify(self._photo_tensors(image_bytes))

    def transform_features(self, examples: tf.Tensor) -> dict[str, tf.Tensor]:
        """Turns serialized tf.Examples into `image`, float32 [batch, size, size, 3]."""
        parsed = tf.io.parse_example(examples, {IMAGE: self._raw_spec[IMAGE]})
        return {IMAGE: self._photo_tensors(to_dense_1d(parsed[IMAGE]))}

    def transform_labels(self, examples: tf.Tensor) -> dict[str, tf.Tensor]:
        """Turns the feature `label` of serialized tf.Examples into `label_id`, int64 [batch]; -1 if unknown."""
        parsed = tf.io.parse_example(examples, {LABEL: self._raw_spec[LABEL]})
        return {"label_id": label_ids(to_dense_1d(parsed[LABEL]), self.class_names)}

    def _classify(self, photos: tf.Tensor) -> dict[str, tf.Tensor]:
        """Returns `scores` [batch, classes], `label` and `class_names`, and `probability` where there are two."""
        output, temperature = self._predict(photos), self.answering.temperature
        if self._head == "logit" or temperature != 1.0:
            output = scores_of(logits_of(output, self._head), temperature)
        return classification_outputs(output, self.class_names, self.answering.cut)


def export_model(served: ServedModel, folder: str, warm_up_photos: Sequence[bytes]) -> None:
    """Writes the SavedModel, with its class names and warm-up requests in assets.extra.

    Args:
        served: The model.
        folder: Where to write it.
        warm_up_photos: Encoded photos as they will come. The warm-up requests have made ones of their sizes: whoever
            gets the model needn't get photos of somebody's data, and where they were taken.
    """
    warm_up = [
        each
        for photo in map(made_like, warm_up_photos)
        for each in (
            warm_up_request("image_bytes", {"image_bytes": [photo]}),
            warm_up_request(SERVING_DEFAULT, {"examples": [_example(photo)]}),
        )
    ]
    save(served, served.signatures(), served.class_names, warm_up, folder, served.answering)


def some_photos(files: Sequence[str], tft_output: tft.TFTransformOutput, count: int = WARM_UP_PHOTOS) -> list[bytes]:
    """Returns the first few encoded photos of TFRecord files."""
    spec = {IMAGE: tft_output.raw_feature_spec()[IMAGE]}
    records = read_records(files).take(count).batch(count)
    return [photo for batch in records for photo in to_dense_1d(tf.io.parse_example(batch, spec)[IMAGE]).numpy()]


def made_like(photo: bytes) -> bytes:
    """Returns a photo of another's width, height and format that has nothing else of it: one colour flows into another.

    Args:
        photo: Encoded.
    """
    height, width = tf.io.decode_image(photo, channels=3, expand_animations=False).shape[:2]
    down, across = tf.meshgrid(tf.linspace(0.0, 255.0, height), tf.linspace(0.0, 255.0, width), indexing="ij")
    pixels = tf.cast(tf.stack([down, across, 255.0 - down], axis=-1), tf.uint8)
    encode = tf.io.encode_jpeg if tf.io.is_jpeg(photo) else tf.io.encode_png
    return bytes(encode(pixels).numpy())


def _example(photo: bytes) -> bytes:
    feature = tf.train.Feature(bytes_list=tf.train.BytesList(value=[photo]))
    return tf.train.Example(features=tf.train.Features(feature={IMAGE: feature})).SerializeToString()
