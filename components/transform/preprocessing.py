"""`preprocessing_fn`: what TFX Transform turns into the transform graph."""

from collections.abc import Mapping
from typing import Any, TypeAlias

import tensorflow as tf
import tensorflow_transform as tft

from components.contract import IMAGE, LABEL
from components.transform.config import ImageTransform
from components.transform.images import image_batch

FeatureSpec: TypeAlias = tf.io.FixedLenFeature | tf.io.VarLenFeature

VOCABULARY = "label"
"""Name of the vocabulary of class names in the transform output."""


def preprocessing_fn(
    inputs: Mapping[str, tf.Tensor | tf.SparseTensor], custom_config: Mapping[str, Any]
) -> dict[str, tf.Tensor]:
    """Decodes the photos and registers the vocabulary of labels.

    Only `image` and `label` are used; the other features serve slices of the evaluation. The result isn't meant to be
    materialised: the trainer applies the graph (a photo of 160 px is 10 KB as JPEG and 307 KB as float32).

    Args:
        inputs: Raw features, string [batch], [batch, 1] or sparse with one value a row, as the schema has them.
        custom_config: `{"transform": ImageTransform as a JSON string}`.

    Returns:
        `image`: float32 [batch, size, size, 3] in [-1, 1]; `label`: string [batch].
    """
    settings = ImageTransform.model_validate_json(custom_config["transform"])
    label = one_a_row(inputs[LABEL])
    tft.vocabulary(label, vocab_filename=VOCABULARY)
    return {IMAGE: image_batch(one_a_row(inputs[IMAGE]), settings.image_size), LABEL: label}


def one_a_row(values: tf.Tensor | tf.SparseTensor) -> tf.Tensor:
    """Returns string [batch] for string [batch], [batch, 1] or the sparse tensor of a feature with one value a row."""
    if isinstance(values, tf.SparseTensor):
        values = tf.sparse.to_dense(values, default_value="")
    return tf.reshape(values, [-1])


def raw_feature(values: tf.Tensor, spec: FeatureSpec) -> tf.Tensor | tf.SparseTensor:
    """Does the reverse of `one_a_row`: gives values the form that the transform graph expects of a raw feature.

    Args:
        values: string [batch].
        spec: The feature's entry in `TFTransformOutput.raw_feature_spec()`.

    Returns:
        string [batch], [batch, 1] or sparse [batch, 1].
    """
    if isinstance(spec, tf.io.VarLenFeature):
        return tf.sparse.from_dense(tf.expand_dims(values, 1))
    return tf.reshape(values, [-1, *spec.shape])
