"""Names and numbers the classes, in the same way in training, evaluation and serving."""

import json
import os
from collections.abc import Iterable, Sequence

import tensorflow as tf

from components.errors import TransferlineError

CLASS_NAMES_FILE = "class_names.json"
"""Beside the transform graph: TFT's vocabulary would read all examples again, whose labels ingest has counted."""

UNKNOWN = -1
"""The number of a label that isn't among the classes."""


def write_class_names(labels: Iterable[str], transform_graph: str) -> None:
    """Writes the classes beside a transform graph.

    Sorted: how frequent a class is one record more can change; the alphabet gives numbers that stay. With two classes,
    the second is the positive one: `dog` of `cat` and `dog`.

    Args:
        labels: Those of the training split.
        transform_graph: Folder of the Transform step's output.
    """
    with tf.io.gfile.GFile(os.path.join(transform_graph, CLASS_NAMES_FILE), "w") as file:
        file.write(json.dumps(sorted(labels)))


def class_names(transform_graph: str) -> tuple[str, ...]:
    """Returns the class names of the training split, in the order of their numbers.

    Args:
        transform_graph: Folder of the Transform step's output.

    Raises:
        TransferlineError: There are fewer than two classes.
    """
    path = os.path.join(transform_graph, CLASS_NAMES_FILE)
    with tf.io.gfile.GFile(path) as file:
        names = tuple(json.loads(file.read()))
    if len(names) < 2:
        raise TransferlineError(
            f"A classifier needs photos of two classes or more; the training split has {len(names)}: {list(names)}.",
            place=path,
            cure="Add photos of another class, or correct the labels and the split.",
        )
    return names


def label_ids(labels: tf.Tensor, class_names: Sequence[str]) -> tf.Tensor:
    """Looks up the numbers of labels.

    A comparison instead of a lookup table: it needs no initialisation and no asset wherever the graph is loaded.

    Args:
        labels: string of any shape.
        class_names: The class names; a label's number is its place among them.

    Returns:
        int64 of the same shape; `UNKNOWN` (-1) for a label that isn't among the class names.
    """
    matches = tf.equal(labels[..., tf.newaxis], tf.constant(list(class_names)))
    return tf.where(tf.reduce_any(matches, axis=-1), tf.argmax(matches, axis=-1), tf.constant(UNKNOWN, tf.int64))
