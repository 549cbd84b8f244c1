"""Tells a photo's format and size from its first bytes, before anything is decoded."""

import io
import re
from collections.abc import Callable

from PIL import BmpImagePlugin, GifImagePlugin, Image, JpegImagePlugin, PngImagePlugin, WebPImagePlugin

from components.wording import printable

_MAGIC = {
    b"\xff\xd8\xff": "JPEG",
    b"\x89PNG\r\n\x1a\n": "PNG",
    b"GIF87a": "GIF",
    b"GIF89a": "GIF",
    b"BM": "BMP",
}
MAGIC_BYTES = 16
"""So many bytes tell the format of a photo."""

_OTHER_MAGIC = {
    b"II*\0": "a TIFF image",
    b"MM\0*": "a TIFF image",
    b"%PDF": "a PDF document",
    b"PK\x03\x04": "a zip archive",
    b"<svg": "an SVG drawing",
    b"<?xml": "XML",
    b"8BPS": "a Photoshop document",
}
# The plugins themselves, since Image.open refuses large photos by a limit that is global to the process, and tries
# every format it knows on hostile bytes.
_PLUGINS: dict[str, Callable[[io.BytesIO], Image.Image]] = {
    "JPEG": JpegImagePlugin.JpegImageFile,
    "PNG": PngImagePlugin.PngImageFile,
    "GIF": GifImagePlugin.GifImageFile,
    "BMP": BmpImagePlugin.BmpImageFile,
    "WEBP": WebPImagePlugin.WebPImageFile,
}
WEBP_SHARE = 3
"""Pillow holds the pixels of a WebP four times as it opens it, and so it may have a third of those of another photo."""

MOST_SCANS = 200
"""Scans of a JPEG: encoders make 10 to 30. Each takes as long as the photo is large, and a few bytes."""

_SCAN = b"\xff\xda"
# What begins a segment; the others belong to the data of a scan.
_MARKER = re.compile(rb"\xff[^\x00\x01\xd0-\xd8\xff]")
_END, _SCAN_KIND = 0xD9, 0xDA
_PNG_DEPTH_AT = 24
_TEXT_BYTES = 512


def format_of(content: bytes) -> str:
    """Returns JPEG, PNG, GIF, BMP or WEBP by the content, whatever the file is named; "" if it is none of them."""
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return "WEBP"
    return next((name for magic, name in _MAGIC.items() if content.startswith(magic)), "")


def describe(content: bytes) -> str:
    """Returns what content that is no photo of a known format seems to be, for a person."""
    known = next((name for magic, name in _OTHER_MAGIC.items() if content.startswith(magic)), "")
    if known:
        return known
    if content[4:8] == b"ftyp":
        return f"a file of the kind {printable(content[8:12].decode('latin-1')).strip()} (HEIC, AVIF or video)"
    try:
        text = content[:_TEXT_BYTES].decode("utf-8")
    except UnicodeDecodeError as error:
        if error.start < _TEXT_BYTES - 4:  # else a character was cut in two.
            return "unknown data"
        text = ""
    return "text" if all(letter.isprintable() or letter.isspace() for letter in text) else "unknown data"


def open_header(content: bytes, name: str) -> Image.Image:
    """Returns the photo with its header read and nothing decoded.

    Args:
        content: The encoded photo.
        name: Its format, as `format_of` returns it.
    """
    return _PLUGINS[name](io.BytesIO(content))


def webp_size(content: bytes) -> tuple[int, int]:
    """Returns width and height of a WebP; (0, 0) if its header is damaged.

    Pillow makes room for a WebP's pixels as soon as it is opened. The fields are those of RFC 9649.
    """
    kind, body = content[12:16], content[20:30]
    if kind == b"VP8X":
        return 1 + int.from_bytes(body[4:7], "little"), 1 + int.from_bytes(body[7:10], "little")
    if kind == b"VP8 ":
        return int.from_bytes(body[6:8], "little") & 0x3FFF, int.from_bytes(body[8:10], "little") & 0x3FFF
    if kind == b"VP8L":
        bits = int.from_bytes(body[1:5], "little")
        return 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
    return 0, 0


def pixels_fault(size: tuple[int, int], name: str, max_pixels: int) -> str:
    """Returns why a photo of this size isn't decoded; empty if it is.

    Args:
        size: Width and height, as the header tells them.
        name: Its format.
        max_pixels: The setting `data.max_pixels`.
    """
    width, height = size
    if width * height > max_pixels:
        return f"{width} x {height} pixels are more than data.max_pixels = {max_pixels:,} (a decompression bomb?)"
    if name == "WEBP" and width * height * WEBP_SHARE > max_pixels:
        return f"{width} x {height} pixels are more than a third of data.max_pixels = {max_pixels:,}, a WebP's bound"
    return ""


def scans_fault(content: bytes) -> str:
    """Returns why a JPEG isn't decoded that goes over its pixels again and again; empty if it is."""
    if content.count(_SCAN) <= MOST_SCANS:  # seldom more, and then in what lies behind the photo, such as a film
        return ""
    at = scans = 0
    while scans <= MOST_SCANS and (marker := _MARKER.search(content, at)):
        at = marker.end()
        kind = content[at - 1]
        if kind == _END:
            return ""
        scans += kind == _SCAN_KIND
        at += int.from_bytes(content[at : at + 2], "big")
    return f"a JPEG of more than {MOST_SCANS} scans (made to take time?)" if scans > MOST_SCANS else ""


def is_lossy(content: bytes, name: str) -> bool:
    """Returns whether a photo's format threw detail away already, so that JPEG does it no harm."""
    if name != "WEBP":
        return name == "JPEG"
    return _webp_chunk(content, 12) == b"VP8 "


def _webp_chunk(content: bytes, start: int) -> bytes:
    """Returns the first kind of chunk that holds pixels, "VP8 " or "VP8L", at or after an offset."""
    while start + 8 <= len(content):
        kind = content[start : start + 4]
        if kind in (b"VP8 ", b"VP8L"):
            return kind
        if kind == b"ANMF":  # a frame, which holds chunks of its own behind 16 bytes.
            start += 8 + 16
        else:
            size = int.from_bytes(content[start + 4 : start + 8], "little")
            start += 8 + size + size % 2
    return b""


def png_depth(content: bytes) -> int:
    """Returns the bits of each channel of a PNG."""
    return content[_PNG_DEPTH_AT] if len(content) > _PNG_DEPTH_AT else 0
