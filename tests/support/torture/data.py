"""Honest data to spoil: photos, rows, and ways to make single fields extreme."""

import io
import struct
import zlib
from functools import cache
from random import Random

from hostile_photos import chunk
from PIL import Image

from torture.mutation import HOSTILE_TEXTS, spoiled_bytes

EXTREMES = (0, 1, 2**7, 2**8 - 1, 2**15, 2**16 - 1, 2**31 - 1, 2**31, 2**32 - 1)


@cache
def photos() -> tuple[bytes, ...]:
    """Small photos of all formats and modes; each is another one."""
    always, made = Random(0), []  # noqa: S311
    options = [
        *((format, mode, {}) for format in ("JPEG", "PNG", "GIF", "BMP", "WEBP") for mode in ("L", "RGB")),
        *(("PNG", mode, {}) for mode in ("1", "P", "LA", "RGBA", "I;16")),
        *(("JPEG", "RGB", {"progressive": True}), ("JPEG", "CMYK", {}), ("PNG", "RGB", {"transparency": (1, 2, 3)})),
        *(("WEBP", "RGBA", {"lossless": True}), ("GIF", "P", {"transparency": 0})),
    ]
    for number, (format, mode, more) in enumerate(options):
        width, height = 24 + number, 40 - number
        gray = Image.frombytes("L", (width, height), always.randbytes(width * height))
        image = gray.convert("I").convert(mode) if mode == "I;16" else gray.convert("RGB").convert(_plain(mode))
        buffer = io.BytesIO()
        image.convert(mode).save(buffer, format, **more)
        made.append(buffer.getvalue())
    frames = [Image.new("RGB", (9, 9), color) for color in ("red", "green", "blue")]
    for format in ("GIF", "WEBP", "PNG"):
        buffer = io.BytesIO()
        frames[0].save(buffer, format, save_all=True, append_images=frames[1:], duration=100)
        made.append(buffer.getvalue())
    return tuple(made)


def _plain(mode: str) -> str:
    return "RGBA" if mode == "LA" else mode


def spoiled_photo(random: Random) -> bytes:
    """A photo, or what was one."""
    content = random.choice(photos())
    match random.randrange(6):
        case 0:
            return content
        case 1:
            other = random.choice(photos())
            return content[: random.randrange(len(content))] + other[random.randrange(len(other)) :]
        case 2:
            return _extreme_png(random)
        case 3:
            return with_extreme(random, content, random.choice(("<", ">")))
        case _:
            return spoiled_bytes(random, content)


def _extreme_png(random: Random) -> bytes:
    """A PNG with fields by chance and sound checksums."""
    sizes = [random.choice((1, 7, 64, 5000, 13_377, 60_000, 2**31 - 1)) for _ in range(2)]
    header = struct.pack(
        ">IIBBBBB",
        *sizes,
        random.choice((1, 2, 4, 8, 16, 3)),
        random.choice((0, 2, 3, 4, 6, 5)),
        0,
        0,
        random.choice((0, 1)),
    )
    data = zlib.compress(bytes(random.choice((0, 10, 1000, 100_000))))
    between = b"".join(
        random.sample(
            [
                chunk(b"PLTE", bytes(random.choice((0, 3, 6, 768, 5)))),
                chunk(b"tRNS", bytes(random.choice((0, 1, 2, 6, 256)))),
                chunk(b"acTL", struct.pack(">II", random.choice(EXTREMES), 0)),
                chunk(b"eXIf", random.randbytes(20)),
                chunk(b"zTXt", b"a\0\0" + zlib.compress(bytes(100_000))),
            ],
            random.randrange(4),
        )
    )
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + between + chunk(b"IDAT", data) + chunk(b"IEND", b"")


def with_extreme(random: Random, content: bytes, order: str = "<") -> bytes:
    """Puts an extreme number somewhere, of 2, 4 or 8 bytes."""
    size, form = random.choice(((2, "H"), (4, "I"), (8, "Q")))
    number = random.choice(EXTREMES) % 2 ** (8 * size)
    at = random.randrange(max(1, len(content) - size))
    return content[:at] + struct.pack(order + form, number) + content[at + size :]


def name_of_a_file(random: Random) -> str:
    """A name that a folder of this machine can have; most are plain."""
    if random.random() < 0.8:
        return f"{random.randrange(10)}.jpg"
    text = random.choice(HOSTILE_TEXTS)
    return "".join(sign for sign in text if sign not in "/\x00\ud800")[:60] or "0"
