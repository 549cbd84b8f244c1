"""Checks a photo to its last pixel, and encodes it again unless every later step can use it as it is."""

import hashlib
import io
import threading
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import tensorflow as tf
from PIL import Image

from components.image_example_gen.flattening import flat_and_small
from components.image_example_gen.formats import (
    describe,
    format_of,
    is_lossy,
    open_header,
    pixels_fault,
    png_depth,
    scans_fault,
    webp_size,
)
from components.wording import printable

SMALL_BELOW = 256
"""Photos whose longest side, in pixels as it came, is shorter are "small"."""

MEDIUM_UP_TO = 512
"""Photos whose longest side, in pixels as it came, is at most this are "medium"; longer ones are "large"."""

DARK_BELOW = 85.0
"""Photos with a lower mean luma, of 0 to 255, are "dark"."""

BRIGHT_ABOVE = 170.0
"""Photos with a higher mean luma, of 0 to 255, are "bright"."""

LUMA = (0.299, 0.587, 0.114)
"""The weights of red, green and blue (ITU-R BT.601)."""

JPEG_QUALITY = 95
BLOCK = 8
"""Width and height, in pixels, of what a JPEG is encoded in."""

Pixels = npt.NDArray[np.uint8]

_ORIENTATION = 0x0112
_TURNS = {  # by EXIF 2.3, tag Orientation; 1 is upright.
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_BITS_8 = 8

_OTHER_BYTES, _MOST_BYTES_A_PIXEL = 16 * 2**20, 8
"""A file of more bytes than these and those of its pixels has something else in it, which isn't stored with it."""

_LARGE_BYTES = 256 * 2**20
_ONE_LARGE = threading.RLock()
"""Photos that take more memory than that to decode are decoded one after the other, however many threads there are."""
_WEBP_BYTES, _PIXEL_BYTES, _COEFFICIENT_BYTES = 16, 4, 2
"""Of a pixel: where Pillow opens a WebP, in a picture, and of each channel of a progressive JPEG."""


class RejectedPhotoError(Exception):
    """Why some bytes can't be used as a photo."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True)
class Photo:
    """A photo as it is stored.

    Attributes:
        content: The encoded photo, JPEG or PNG, which tf.io.decode_image decodes to [height, width, 3].
        width: Pixels, as stored.
        height: Pixels, as stored.
        format: The format it came in: JPEG, PNG, GIF, BMP or WEBP.
        size_bucket: "small", "medium" or "large", by the longest side as it came.
        brightness_bucket: "dark", "normal" or "bright", by the mean luma.
        sha256: Hex digest of the bytes as they came.
    """

    content: bytes
    width: int
    height: int
    format: str
    size_bucket: str
    brightness_bucket: str
    sha256: str


def read_photo(content: bytes, longest_side: int, max_pixels: int) -> Photo:
    """Checks a photo and returns it as it is to be stored.

    The bytes stay as they came where TensorFlow decodes them to the photo that a person would see: upright 8-bit
    JPEG and PNG, gray or RGB, within the longest side. All others are encoded again: upright, the first frame of an
    animation, in 8 bits, in gray or RGB, transparent parts white.

    Args:
        content: The encoded photo.
        longest_side: Bound in pixels; a photo with a longer side is made smaller.
        max_pixels: Bound on width x height, checked before decoding.

    Raises:
        RejectedPhotoError: The bytes are no photo, or a damaged or far too large one.
    """
    name = format_of(content)
    if not name:
        raise RejectedPhotoError(_no_photo(content))
    opened_size = webp_size(content) if name == "WEBP" else (0, 0)
    _reject(pixels_fault(opened_size, name, max_pixels) or (scans_fault(content) if name == "JPEG" else ""))
    try:
        with _turn(opened_size[0] * opened_size[1] * _WEBP_BYTES):
            image = open_header(content, name)
            _reject(pixels_fault(image.size, name, max_pixels))
            longest = max(image.size)
            stored, size = content, image.size
            if not _may_stay(image, content, name, longest_side):
                with _turn(_bytes_to_decode(image, name)):
                    stored, size = _encode_again(image, content, longest_side)
    except RejectedPhotoError:
        raise
    except Exception as error:  # Pillow's decoders raise a dozen types on damaged bytes.
        raise RejectedPhotoError(f"truncated or damaged {name}: {printable(str(error))}") from error
    return Photo(
        content=stored,
        width=size[0],
        height=size[1],
        format=name,
        size_bucket=size_bucket(longest),
        brightness_bucket=brightness_bucket(luma_of(stored, size, name)),
        sha256=hashlib.sha256(content).hexdigest(),
    )


def size_bucket(longest_side: int) -> str:
    """Returns "small", "medium" or "large" for a longest side in pixels."""
    return "small" if longest_side < SMALL_BELOW else "medium" if longest_side <= MEDIUM_UP_TO else "large"


def brightness_bucket(luma: float) -> str:
    """Returns "dark", "normal" or "bright" for a mean luma of 0 to 255."""
    return "dark" if luma < DARK_BELOW else "bright" if luma > BRIGHT_ABOVE else "normal"


def mean_luma(pixels: Pixels) -> float:
    """Returns the mean luma, 0 to 255, of pixels of shape [height, width, 3], uint8."""
    # Row by row in 32 bits first: three times as fast as numpy's mean of each channel.
    red, green, blue = np.add.reduce(pixels, axis=0, dtype=np.uint32).sum(axis=0, dtype=np.float64)
    return float(LUMA[0] * red + LUMA[1] * green + LUMA[2] * blue) / (pixels.shape[0] * pixels.shape[1])


def _no_photo(content: bytes) -> str:
    if not content:
        return "the file is empty (0 bytes)"
    return f"not a photo but {describe(content)}; JPEG, PNG, GIF, BMP and WebP are read"


def _reject(fault: str) -> None:
    if fault:
        raise RejectedPhotoError(fault)


def _turn(size: int) -> AbstractContextManager[object]:
    """Waits for the others if it takes so many bytes that only one may be at it."""
    return _ONE_LARGE if size > _LARGE_BYTES else nullcontext()


def _bytes_to_decode(image: Image.Image, name: str) -> int:
    pixels = image.width * image.height
    if name != "JPEG":
        return pixels * _PIXEL_BYTES
    # Others are decoded small, row by row.
    return pixels * _COEFFICIENT_BYTES * len(image.getbands()) if "progressive" in image.info else 0


def _orientation(image: Image.Image) -> int:
    try:
        return int(image.getexif().get(_ORIENTATION, 1))
    except Exception:  # EXIF is often damaged where the photo is sound.
        return 1


def _may_stay(image: Image.Image, content: bytes, name: str, longest_side: int) -> bool:
    if image.mode not in ("L", "RGB") or max(image.size) > longest_side or _orientation(image) in _TURNS:
        return False
    if len(content) > _OTHER_BYTES + image.width * image.height * _MOST_BYTES_A_PIXEL:
        return False
    if name == "PNG":
        return png_depth(content) == _BITS_8 and "transparency" not in image.info
    return name == "JPEG"


def _encode_again(image: Image.Image, content: bytes, longest_side: int) -> tuple[bytes, tuple[int, int]]:
    """Returns the encoded photo, with its width and height in pixels."""
    orientation = _orientation(image)
    lossy = is_lossy(content, format_of(content))
    image.draft(image.mode, (2 * longest_side, 2 * longest_side))  # JPEG decodes to a half, a quarter or an eighth.
    upright = flat_and_small(image, longest_side)
    if orientation in _TURNS:
        upright = upright.transpose(_TURNS[orientation])
    buffer = io.BytesIO()
    if lossy:
        upright.save(buffer, "JPEG", quality=JPEG_QUALITY)
    else:
        upright.save(buffer, "PNG")
    return buffer.getvalue(), upright.size


def luma_of(stored: bytes, size: tuple[int, int], name: str) -> float:
    """Returns the mean luma of a photo, which TensorFlow has read to its last byte then, as every later step does.

    Of a JPEG the pixels of an eighth of its width and height are computed, which are the means of its blocks of 8 x 8.
    All that can be damaged is what the blocks are encoded in, and it is decoded whatever is computed of it.
    """
    try:
        if format_of(stored) == "JPEG":
            luma = tf.io.decode_jpeg(tf.constant(stored), channels=1, ratio=BLOCK, acceptable_fraction=1.0).numpy()
            return _mean_of_blocks(luma[..., 0], *size)
        return mean_luma(tf.io.decode_image(stored, channels=3, expand_animations=False).numpy())
    except tf.errors.OpError as error:
        reason = error.message.split("}} ")[-1].split(" [Op:")[0]
        raise RejectedPhotoError(f"truncated or damaged {name}: {printable(reason)}") from error


def _mean_of_blocks(blocks: Pixels, width: int, height: int) -> float:
    """Returns the mean over the pixels; blocks at the right and lower edge have fewer in the photo."""
    down, across = (
        np.minimum(BLOCK, pixels - BLOCK * np.arange(count, dtype=np.float32))
        for count, pixels in zip(blocks.shape, (height, width), strict=True)
    )
    return float(down @ blocks @ across) / (width * height)
