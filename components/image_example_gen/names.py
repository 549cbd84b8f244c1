"""Recognises, orders and normalises the names of photos and classes."""

import hashlib
import re
import unicodedata

from components.wording import printable

PHOTO_NAME = re.compile(r"\.(jpe?g|jpe|jfif|png|gif|bmp|webp)$", re.IGNORECASE)
TFRECORD_NAME = re.compile(r"(\.tfrecords?|\.tfrec)(-\d{5}-of-\d{5})?(\.gz)?$|-\d{5}-of-\d{5}(\.gz)?$", re.IGNORECASE)


def mixing_key(name: str) -> bytes:
    """Returns a key that sorts photos in an order that mixes the classes and is the same every time.

    A training step reads a stretch of the records at a time; records sorted by class would show it one class only.
    """
    return hashlib.sha256(name.encode("utf-8", "surrogateescape")).digest()


def class_name(name: str, aliases: dict[str, str]) -> str:
    """Returns the label for a folder's or a manifest's name of a class, after the user's aliases.

    Names are brought to Unicode's composed form, since the same word typed on macOS and on Linux differs in bytes.
    """
    name = unicodedata.normalize("NFC", printable(name).strip())
    return aliases.get(name, name)
