"""Holds what all our SavedModels have in common: the outputs of a classifier, and the files beside the graph."""

import json
import os
from collections.abc import Callable, Mapping, Sequence

import tensorflow as tf
from tensorflow_serving.apis import model_pb2, predict_pb2, prediction_log_pb2

from components.answering import Answering, write_answering
from components.operating_point import EVEN

CLASSES_FILE = os.path.join("assets.extra", "class_names.json")
COLUMNS_FILE = os.path.join("assets.extra", "columns.json")
"""Of a model for rows: its columns, in the order that the signature `rows` has them in."""

INPUTS_FILE = os.path.join("assets.extra", "inputs.json")
"""Of a model for rows: of each column the name as an input of the signature `columns`, its type in the records, and
what training had in it: the share of its rows without a value, and of a category the values."""

WARM_UP_FILE = os.path.join("assets.extra", "tf_serving_warmup_requests")
SERVING_DEFAULT = tf.saved_model.DEFAULT_SERVING_SIGNATURE_DEF_KEY


def classification_outputs(scores: tf.Tensor, class_names: Sequence[str], cut: float = EVEN) -> dict[str, tf.Tensor]:
    """Returns what a signature that classifies gives.

    Args:
        scores: Probabilities, float32 [batch, classes], or a probability of the second of two classes, [batch, 1].
        class_names: The class names, in the order of their numbers.
        cut: Of two classes, the second is the label where its probability is above it.

    Returns:
        `scores` [batch, classes], `label` [batch] and `class_names` [batch, classes]; `probability` [batch] of the
        second class where there are two.
    """
    if scores.shape[1] == 1:
        scores = tf.concat([1.0 - scores, scores], axis=1)
    names = tf.constant(list(class_names))
    answered = tf.argmax(scores, axis=1) if cut == EVEN else tf.cast(scores[:, 1] > cut, tf.int64)
    result = {
        "scores": scores,
        "label": tf.gather(names, answered),
        "class_names": tf.tile(names[tf.newaxis], [tf.shape(scores)[0], 1]),
    }
    if len(class_names) == 2:
        result["probability"] = scores[:, 1]
    return result


def string_signature(
    function: Callable[[tf.Tensor], dict[str, tf.Tensor]], name: str
) -> tf.types.experimental.PolymorphicFunction:
    """Makes a signature for any number of strings.

    It isn't a concrete function: those can't be saved where the variables are spread over several workers. It is
    without AutoGraph, which would rewrite the source of tf_keras and finds nothing to do in ours.
    """
    return tf.function(function, input_signature=[tf.TensorSpec([None], tf.string, name=name)], autograph=False)


def traced_once(function: Callable[[tf.Tensor], tf.Tensor], given: tf.TensorSpec) -> Callable[[tf.Tensor], tf.Tensor]:
    """Makes what several signatures share a function of the graph, which is traced and saved once for all.

    Args:
        function: What they share.
        given: What it takes.

    Returns:
        A function of Python: TensorFlow's own would be tracked by a tf.Module, and saved as one more entry.
    """
    shared = tf.function(function, input_signature=[given], autograph=False)

    def of_python(tensor: tf.Tensor) -> tf.Tensor:
        return shared(tensor)

    return of_python


def save(
    model: tf.Module,
    signatures: Mapping[str, tf.types.experimental.PolymorphicFunction],
    class_names: Sequence[str],
    warm_up: Sequence[prediction_log_pb2.PredictionLog],
    folder: str,
    answering: Answering | None = None,
) -> None:
    """Writes the SavedModel of a classifier, with all that is beside its graph in assets.extra."""
    save_graph(model, signatures, warm_up, folder)
    write_classes(class_names, answering or Answering(), folder)


def save_graph(
    model: tf.Module,
    signatures: Mapping[str, tf.types.experimental.PolymorphicFunction],
    warm_up: Sequence[prediction_log_pb2.PredictionLog],
    folder: str,
) -> None:
    """Writes a SavedModel, with warm-up requests in assets.extra."""
    tf.saved_model.save(model, folder, signatures=dict(signatures))
    path = os.path.join(folder, WARM_UP_FILE)
    tf.io.gfile.makedirs(os.path.dirname(path))
    with tf.io.TFRecordWriter(path) as writer:
        for request in warm_up:
            writer.write(request.SerializeToString())


def write_classes(class_names: Sequence[str], answering: Answering, folder: str) -> None:
    """Writes the class names and how a classifier answers, into assets.extra."""
    with tf.io.gfile.GFile(os.path.join(folder, CLASSES_FILE), "w") as file:
        file.write(json.dumps(list(class_names)))
    write_answering(answering, folder)


def warm_up_request(signature: str, inputs: Mapping[str, object]) -> prediction_log_pb2.PredictionLog:
    """Returns a warm-up request."""
    predict = predict_pb2.PredictRequest(
        model_spec=model_pb2.ModelSpec(signature_name=signature),
        inputs={name: tf.make_tensor_proto(value) for name, value in inputs.items()},
    )
    return prediction_log_pb2.PredictionLog(predict_log=prediction_log_pb2.PredictLog(request=predict))
