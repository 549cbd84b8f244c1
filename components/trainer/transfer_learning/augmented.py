"""Shows what augmentation makes of a photo."""

import tensorflow as tf

from components.trainer.transfer_learning.augmentation import Ends, ends_of
from components.trainer.transfer_learning.config import TransferLearning
from components.trainer.transfer_learning.model import augmentation_layers
from components.transform.config import ImageTransform
from components.transform.images import image_tensor

SHOWN = 9
PIXELS = 128
QUALITY = 75


def augmented_pictures(encoded: bytes, seen: ImageTransform, settings: TransferLearning) -> list[bytes]:
    """Returns small JPEGs: a photo as it is, and nine that the model's augmentation made of it.

    The layers are made anew, as the model has them and with the same seed: its own would go on drawing.

    Args:
        encoded: The photo.
        seen: How Transform makes of a photo what the model sees.
        settings: The trainer's settings.

    Returns:
        Nothing where augmentation changes nothing.
    """
    layers = augmentation_layers(settings.augmentation, settings.scale, settings.seed)
    if not layers:
        return []
    photo = image_tensor(tf.constant(encoded), seen.image_size, settings.scale, crop=seen.crop_to_aspect_ratio)[
        tf.newaxis
    ]
    changed = tf.repeat(photo, SHOWN, axis=0)
    for layer in layers:
        changed = layer(changed, training=True)
    ends = ends_of(settings.scale)
    return [_jpeg(pixels, ends) for pixels in tf.concat([photo, changed], axis=0)]


def _jpeg(pixels: tf.Tensor, ends: Ends) -> bytes:
    """Returns pixels as a JPEG of at most `PIXELS` in height and width."""
    size = min(PIXELS, int(pixels.shape[0]))
    small = (tf.image.resize(pixels, [size, size], antialias=True) - ends.black) / (ends.white - ends.black)
    encoded = tf.io.encode_jpeg(tf.image.convert_image_dtype(small, tf.uint8, saturate=True), quality=QUALITY)
    return bytes(encoded.numpy())
