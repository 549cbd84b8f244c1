"""The SavedModel that TensorFlow Serving and the Evaluator load: it takes photos as they are stored or sent."""

import json
import os
from collections.abc import Callable, Sequence

import tensorflow as tf
import tensorflow_transform as tft
import tf_keras as keras
from tensorflow_serving.apis import model_pb2, predict_pb2, prediction_log_pb2

from components.contract import IMAGE, LABEL
from components.trainer.transfer_learning.model import HeadKind
from components.transform.labels import label_ids
from components.transform.raw_features import one_a_row, raw_feature

CLASSES_FILE = os.path.join("assets.extra", "class_names.json")
WARM_UP_FILE = os.path.join("assets.extra", "tf_serving_warmup_requests")
WARM_UP_PHOTOS = 2


class ServedModel(tf.Module):
    """A trained model, the transform graph before it and the class names after it.

    Holds the variables rather than the Keras model: loading needs no Keras, and saving doesn't trace 154 layers.

    Args:
        model: The trained model.
        head: What the model's head gives.
        tft_output: The output of the Transform step.
        class_names: The class names, in the order of their numbers.
    """

    def __init__(
        self, model: keras.Model, head: HeadKind, tft_output: tft.TFTransformOutput, class_names: Sequence[str]
    ) -> None:
        super().__init__(name="served_model")
        self.model_variables = model.variables
        self._raw_spec = tft_output.raw_feature_spec()
        self.class_names = tuple(class_names)
        self._is_logit = head == "logit"
        # tf.Module tracks what is assigned to it, and saving a Keras object that is tracked takes seconds; a function
        # isn't tracked. Saving fails if the transform graph ever holds a resource, such as a table, of its own.
        self._transform = tft_output.transform_features_layer().__call__
        self._predict = lambda photos: model(photos, training=False)

    def signatures(self) -> dict[str, tf.types.experimental.PolymorphicFunction]:
        """Returns the signatures by name, each for any number of rows."""
        return {
            tf.saved_model.DEFAULT_SERVING_SIGNATURE_DEF_KEY: _of_strings(self.classify_examples, "examples"),
            "image_bytes": _of_strings(self.classify_photos, "image_bytes"),
            "transform_features": _of_strings(self.transform_features, "examples"),
            "transform_labels": _of_strings(self.transform_labels, "examples"),
        }

    def classify_examples(self, examples: tf.Tensor) -> dict[str, tf.Tensor]:
        """Classifies serialized tf.Examples, string [batch], of which only the feature `image` is used."""
        return self._classify(self.transform_features(examples)[IMAGE])

    def classify_photos(self, image_bytes: tf.Tensor) -> dict[str, tf.Tensor]:
        """Classifies encoded photos, string [batch], of any width and height."""
        return self._classify(self._photo_tensors(image_bytes))

    def transform_features(self, examples: tf.Tensor) -> dict[str, tf.Tensor]:
        """Turns serialized tf.Examples into `image`, float32 [batch, size, size, 3] in [-1, 1]."""
        parsed = tf.io.parse_example(examples, {IMAGE: self._raw_spec[IMAGE]})
        return {IMAGE: self._photo_tensors(one_a_row(parsed[IMAGE]))}

    def transform_labels(self, examples: tf.Tensor) -> dict[str, tf.Tensor]:
        """Turns the feature `label` of serialized tf.Examples into `label_id`, int64 [batch]; -1 if unknown."""
        parsed = tf.io.parse_example(examples, {LABEL: self._raw_spec[LABEL]})
        return {"label_id": label_ids(one_a_row(parsed[LABEL]), self.class_names)}

    def _photo_tensors(self, encoded: tf.Tensor) -> tf.Tensor:
        return self._transform({IMAGE: raw_feature(encoded, self._raw_spec[IMAGE])})[IMAGE]

    def _classify(self, photos: tf.Tensor) -> dict[str, tf.Tensor]:
        """Returns `scores` [batch, classes], `label` and `class_names`, and `probability` where there are two."""
        output = self._predict(photos)
        if self._is_logit:
            positive = tf.sigmoid(output)
            output = tf.concat([1.0 - positive, positive], axis=1)
        names = tf.constant(self.class_names)
        result = {
            "scores": output,
            "label": tf.gather(names, tf.argmax(output, axis=1)),
            "class_names": tf.tile(names[tf.newaxis], [tf.shape(output)[0], 1]),
        }
        if len(self.class_names) == 2:  # noqa: PLR2004
            result["probability"] = output[:, 1]
        return result


def export_model(served: ServedModel, folder: str, warm_up_photos: Sequence[bytes]) -> None:
    """Writes the SavedModel, with its class names and warm-up requests in assets.extra.

    Args:
        served: The model.
        folder: Where to write it.
        warm_up_photos: Encoded photos for the warm-up requests.
    """
    tf.saved_model.save(served, folder, signatures=served.signatures())
    path = os.path.join(folder, CLASSES_FILE)
    tf.io.gfile.makedirs(os.path.dirname(path))
    with tf.io.gfile.GFile(path, "w") as file:
        file.write(json.dumps(served.class_names))
    path = os.path.join(folder, WARM_UP_FILE)
    with tf.io.TFRecordWriter(path) as writer:
        for photo in warm_up_photos:
            writer.write(_request("image_bytes", "image_bytes", photo).SerializeToString())
            writer.write(_request("serving_default", "examples", _example(photo)).SerializeToString())


def some_photos(files: Sequence[str], tft_output: tft.TFTransformOutput, count: int = WARM_UP_PHOTOS) -> list[bytes]:
    """Returns the first few encoded photos of TFRecord files."""
    spec = {IMAGE: tft_output.raw_feature_spec()[IMAGE]}
    records = tf.data.TFRecordDataset(list(files), compression_type="GZIP").take(count).batch(count)
    return [photo for batch in records for photo in one_a_row(tf.io.parse_example(batch, spec)[IMAGE]).numpy()]


def _of_strings(
    function: Callable[[tf.Tensor], dict[str, tf.Tensor]], name: str
) -> tf.types.experimental.PolymorphicFunction:
    # Not a concrete function: those can't be saved where the variables are spread over several workers.
    # Without AutoGraph, which would rewrite the source of tf_keras and finds nothing to do in ours.
    return tf.function(function, input_signature=[tf.TensorSpec([None], tf.string, name=name)], autograph=False)


def _example(photo: bytes) -> bytes:
    feature = tf.train.Feature(bytes_list=tf.train.BytesList(value=[photo]))
    return tf.train.Example(features=tf.train.Features(feature={IMAGE: feature})).SerializeToString()


def _request(signature: str, key: str, value: bytes) -> prediction_log_pb2.PredictionLog:
    request = predict_pb2.PredictRequest(
        model_spec=model_pb2.ModelSpec(signature_name=signature), inputs={key: tf.make_tensor_proto([value])}
    )
    return prediction_log_pb2.PredictionLog(predict_log=prediction_log_pb2.PredictLog(request=request))
