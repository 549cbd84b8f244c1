"""Numbers the classes, in the same way in training, evaluation and serving."""

from collections.abc import Sequence

import tensorflow as tf
import tensorflow_transform as tft

from components.errors import TransferlineError

VOCABULARY = "label"
"""Name of the vocabulary of class names in the transform output."""

UNKNOWN = -1
"""The number of a label that isn't among the classes."""


def class_names(tft_output: tft.TFTransformOutput) -> tuple[str, ...]:
    """Returns the class names of the training split, sorted.

    The vocabulary file is sorted by frequency, which one photo more can change; the alphabet gives numbers that stay.
    With two classes, the second is the positive one: `dog` of `cat` and `dog`.

    Args:
        tft_output: The output of the Transform step.

    Raises:
        TransferlineError: There are fewer than two classes.
    """
    names = tuple(sorted(name.decode() for name in tft_output.vocabulary_by_name(VOCABULARY)))
    if len(names) < 2:
        raise TransferlineError(
            f"A classifier needs photos of two classes or more; the training split has {len(names)}: {list(names)}.",
            place=tft_output.vocabulary_file_by_name(VOCABULARY) or "",
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
