"""Photos that were made to take memory or time."""

import re
import struct
import zlib


def chunk(kind, body):
    """A chunk of a PNG."""
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png(header, data, between=b""):
    """A PNG of these fields and packed pixels, with chunks between the two."""
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + between + chunk(b"IDAT", data) + chunk(b"IEND", b"")


def many_scans(content, count):
    """A progressive JPEG with its first scan repeated so often."""
    first, second = (match.start() for match in list(re.finditer(b"\xff\xda", content))[:2])
    # A scan goes up to the tables of the next one, where there are any.
    end = content.rfind(b"\xff\xc4", first, second)
    return content[:first] + content[first : end if end > 0 else second] * count + content[first:]
