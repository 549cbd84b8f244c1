"""Defines the operations that turn an encoded photo into a tensor, in training, evaluation and serving.

Everything is TensorFlow, so that it is part of the transform graph and is served with the model.
"""

from functools import partial

import tensorflow as tf
from typing_extensions import assert_never

from components.transform.config import PixelScale
from components.transform.orientation import jpeg_orientation, may_be_turned, upright

JPEG_SIGNATURE = b"\xff\xd8\xff"
PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
PNG_BIT_DEPTH = 24
"""Where the bit depth stands in a PNG: the ninth byte of the first chunk's data (PNG 1.2, section 4.1.1)."""

IMAGENET_MEAN, IMAGENET_DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
"""Of red, green and blue in ImageNet's photos, from 0 to 1, as Keras has them (`imagenet_utils`, mode "torch")."""


def starts_with(encoded: tf.Tensor, signature: bytes) -> tf.Tensor:
    """Returns a scalar bool: whether a scalar string starts with the signature of a file format."""
    return tf.equal(tf.strings.substr(encoded, 0, len(signature)), signature)


def on_white(rgba: tf.Tensor) -> tf.Tensor:
    """Lays a photo with transparency on a white ground.

    Args:
        rgba: uint8 [height, width, 4], colour not premultiplied by alpha.

    Returns:
        uint8 [height, width, 3].
    """
    pixels = tf.cast(rgba, tf.float32)
    alpha = pixels[..., 3:] / 255.0
    return tf.cast(tf.round(pixels[..., :3] * alpha + 255.0 * (1.0 - alpha)), tf.uint8)


def decode_jpeg(encoded: tf.Tensor) -> tf.Tensor:
    """Decodes a JPEG, the same to the bit as libjpeg does by default, and so as ingest does.

    Args:
        encoded: Scalar string, a JPEG; grey, RGB or CMYK.

    Returns:
        uint8 [height, width, 3], as stored: the EXIF orientation isn't applied.
    """
    return tf.io.decode_jpeg(encoded, channels=3, dct_method="INTEGER_ACCURATE")


def decode_png(encoded: tf.Tensor) -> tf.Tensor:
    """Decodes a PNG and makes its transparent parts white.

    Args:
        encoded: Scalar string, a PNG of any colour type and bit depth.

    Returns:
        uint8 [height, width, 3].
    """
    rgba = tf.io.decode_png(encoded, channels=4)
    # Where a PNG of 1, 2 or 4 bits has no alpha, TensorFlow fills it with 1, 3 or 15 instead of 255.
    depth = tf.io.decode_raw(tf.strings.substr(encoded, PNG_BIT_DEPTH, 1), tf.uint8)[0]
    filler = tf.bitwise.left_shift(1, tf.cast(depth, tf.int32)) - 1
    is_filled = tf.reduce_all(tf.equal(tf.cast(rgba[..., 3], tf.int32), filler))
    return tf.where(is_filled, rgba[..., :3], on_white(rgba))


def decode(encoded: tf.Tensor) -> tf.Tensor:
    """Decodes JPEG, PNG, GIF (its first frame) or BMP; transparent parts of a PNG become white.

    Args:
        encoded: Scalar string, the encoded photo.

    Returns:
        uint8 [height, width, 3], as stored: the EXIF orientation isn't applied.

    Raises:
        tf.errors.InvalidArgumentError: The bytes aren't such a photo.
    """
    pixels = tf.case(
        [
            (starts_with(encoded, JPEG_SIGNATURE), lambda: decode_jpeg(encoded)),
            (starts_with(encoded, PNG_SIGNATURE), lambda: decode_png(encoded)),
        ],
        default=lambda: tf.io.decode_image(encoded, channels=3, expand_animations=False),
    )
    return tf.ensure_shape(pixels, [None, None, 3])


def resize(pixels: tf.Tensor, size: int) -> tf.Tensor:
    """Resizes to a square, bilinear, without keeping the aspect ratio.

    Anti-aliased, so that a photo that ingest has made smaller beforehand and the same photo served at its full size
    give the same tensor.

    Args:
        pixels: Numbers [height, width, channels].
        size: Height and width of the result, in pixels.

    Returns:
        float32 [size, size, channels], in the range of `pixels`.
    """
    return tf.image.resize(pixels, [size, size], method="bilinear", antialias=True)


def middle_square(pixels: tf.Tensor) -> tf.Tensor:
    """Returns the largest square in the middle of a photo, as Keras's `smart_resize` takes it.

    Args:
        pixels: Numbers [height, width, channels].
    """
    height, width = tf.shape(pixels)[0], tf.shape(pixels)[1]
    side = tf.minimum(height, width)
    top, left = (height - side) // 2, (width - side) // 2
    return pixels[top : top + side, left : left + side]


def rescale(pixels: tf.Tensor, scale: PixelScale) -> tf.Tensor:
    """Maps [0, 255] to the range that a network was trained on.

    Args:
        pixels: Numbers from 0 to 255, [..., 3].
        scale: Which range; see `ImageTransform`.

    Returns:
        float32 of the same shape.
    """
    pixels = tf.cast(pixels, tf.float32)
    match scale:
        case "symmetric":
            return pixels / 127.5 - 1.0
        case "unit":
            return pixels / 255.0
        case "imagenet":
            return (pixels / 255.0 - IMAGENET_MEAN) / IMAGENET_DEVIATION
        case _:
            assert_never(scale)


def stored_tensor(encoded: tf.Tensor, size: int, scale: PixelScale, *, crop: bool = False) -> tf.Tensor:
    """Decodes, resizes and rescales a photo, as it is stored.

    Args:
        encoded: Scalar string, the encoded photo, of any width and height.
        size: Height and width of the result, in pixels.
        scale: What pixels are scaled to.
        crop: Whether only the largest square in the middle is seen.

    Returns:
        float32 [size, size, 3].

    Raises:
        tf.errors.InvalidArgumentError: The bytes aren't a JPEG, PNG, GIF or BMP.
    """
    pixels = decode(encoded)
    return rescale(resize(middle_square(pixels) if crop else pixels, size), scale)


def image_tensor(encoded: tf.Tensor, size: int, scale: PixelScale, *, crop: bool = False) -> tf.Tensor:
    """Does as `stored_tensor` does, and turns a photo upright that says in its EXIF how it was taken."""
    # Turning after the resize gives the same pixels as before it, on a small square instead of a big photo.
    return upright(stored_tensor(encoded, size, scale, crop=crop), jpeg_orientation(encoded))


# Transform traces its graph nine times, and this was nearly all of it: a function is traced once.
@tf.function(autograph=False)
def image_batch(encoded: tf.Tensor, size: int, scale: PixelScale, *, crop: bool = False) -> tf.Tensor:
    """Applies `image_tensor` to each photo of a batch.

    Args:
        encoded: string [batch].
        size: Height and width of the result, in pixels.
        scale: What pixels are scaled to.
        crop: Whether only the largest square in the middle of each is seen.

    Returns:
        float32 [batch, size, size, 3].
    """
    signature = tf.TensorSpec([size, size, 3], tf.float32)
    as_stored = partial(stored_tensor, size=size, scale=scale, crop=crop)
    made_upright = partial(image_tensor, size=size, scale=scale, crop=crop)
    # Looking for the orientation doubles the time of a photo; a batch in which none can be turned is spared it.
    return tf.cond(
        tf.reduce_any(may_be_turned(encoded)),
        lambda: tf.map_fn(made_upright, encoded, fn_output_signature=signature),
        lambda: tf.map_fn(as_stored, encoded, fn_output_signature=signature),
    )
