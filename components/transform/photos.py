"""Defines `preprocessing_fn` for photos, which TFX Transform turns into the transform graph."""

import os
from collections.abc import Mapping
from typing import Any

import tensorflow as tf

from components.contract import IMAGE, LABEL
from components.transform.config import ImageTransform
from components.transform.images import image_batch
from components.transform.raw_features import to_dense_1d

SETTINGS_FILE = "transform.json"
"""Beside a transform graph: the settings that it was made by."""


def preprocessing_fn(
    inputs: Mapping[str, tf.Tensor | tf.SparseTensor], custom_config: Mapping[str, Any]
) -> dict[str, tf.Tensor]:
    """Decodes the photos.

    Nothing is analysed, so that TFX writes the graph without reading a photo. Only `image` and `label` are used; the
    other features serve slices of the evaluation. The result isn't meant to be materialised: the trainer applies the
    graph (a photo of 160 px is 10 KB as JPEG and 307 KB as float32).

    Args:
        inputs: Raw features, string [batch], [batch, 1] or sparse with one value a row, as the schema has them.
        custom_config: `{"transform": an ImageTransform as a mapping}`. Without a scale it is MobileNetV2's.

    Returns:
        `image`: float32 [batch, size, size, 3], scaled as the settings say; `label`: string [batch].
    """
    settings = ImageTransform.model_validate(custom_config["transform"])
    return {
        IMAGE: image_batch(
            to_dense_1d(inputs[IMAGE]),
            settings.image_size,
            settings.scale or "symmetric",
            crop=settings.crop_to_aspect_ratio,
        ),
        LABEL: to_dense_1d(inputs[LABEL]),
    }


def read_settings(transform_graph: str) -> ImageTransform:
    """Reads how photos are transformed; the folder is the Transform step's output."""
    with tf.io.gfile.GFile(os.path.join(transform_graph, SETTINGS_FILE)) as file:
        return ImageTransform.model_validate_json(file.read())
