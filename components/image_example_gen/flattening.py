"""Makes a photo gray or RGB, in 8 bits, and smaller, a strip at a time.

As a whole, a photo of 179 million pixels would be in memory four times: as it is, with transparency, white behind it,
and the two together.
"""

import math
from collections.abc import Callable, Iterator

import numpy as np
from PIL import Image

STRIP_PIXELS = 2**22
REDUCING_GAP = 3.0
"""A photo is averaged down to so many times its size before it is resampled, which is as good, by Pillow's word."""


def flat_and_small(image: Image.Image, longest_side: int) -> Image.Image:
    """Returns an image in mode L or RGB, 8 bits, with transparent parts white, within the longest side.

    The pixels are those of Pillow's `thumbnail`, by Lanczos and with `REDUCING_GAP`, of the whole.

    Args:
        image: As it came.
        longest_side: Bound in pixels; an image with a longer side is made smaller.
    """
    image.load()
    width, height = image.size
    size = _size_within(width, height, longest_side)
    across, down = (int(long / short / REDUCING_GAP) or 1 for long, short in zip((width, height), size, strict=True))
    whole: Image.Image | None = None
    for top, strip in _strips(image, down):
        flat = _flat(strip)
        if (across, down) != (1, 1):
            flat = flat.reduce((across, down))
        if whole is None:
            if strip.height == height:
                whole = flat
                break
            whole = Image.new(flat.mode, (math.ceil(width / across), math.ceil(height / down)))
        whole.paste(flat, (0, top // down))
    if whole is None:
        raise ValueError("the photo has no pixels")
    if size == (width, height):
        return whole
    return whole.resize(size, Image.Resampling.LANCZOS, box=(0, 0, width / across, height / down))


def _size_within(width: int, height: int, longest_side: int) -> tuple[int, int]:
    """The size that keeps the proportions best, as Pillow's `thumbnail` chooses it."""
    if max(width, height) <= longest_side:
        return width, height
    proportion = width / height
    if width <= height:
        return _nearest(longest_side * proportion, lambda short: abs(proportion - short / longest_side)), longest_side
    return longest_side, _nearest(
        longest_side / proportion, lambda short: abs(proportion - longest_side / short) if short else 0
    )


def _nearest(exact: float, off: Callable[[int], float]) -> int:
    return max(min(math.floor(exact), math.ceil(exact), key=off), 1)


def _strips(image: Image.Image, down: int) -> Iterator[tuple[int, Image.Image]]:
    """Yields strips of whole groups of `down` rows, each with the number of its first row."""
    width, height = image.size
    rows = max(STRIP_PIXELS // (width * down), 1) * down
    if rows >= height:
        yield 0, image
        return
    for top in range(0, height, rows):
        yield top, image.crop((0, top, width, min(top + rows, height)))


def _flat(image: Image.Image) -> Image.Image:
    if image.mode.startswith("I"):  # 16-bit gray; convert("L") would clip it.
        values = np.asarray(image).astype(np.uint32)
        return Image.fromarray(((values * 255 + 32767) // 65535).astype(np.uint8))
    if "transparency" in image.info or image.has_transparency_data:
        colors = image.convert("RGBA")
        white = Image.new("RGBA", colors.size, "white")
        return Image.alpha_composite(white, colors).convert("RGB")
    return image.convert("L" if image.mode in ("1", "L") else "RGB")
