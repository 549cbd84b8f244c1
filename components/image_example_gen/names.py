"""Recognises, orders and normalises the names of photos and classes."""

import hashlib
import re
import unicodedata

from components.wording import printable

PHOTO_NAME = re.compile(r"\.(jpe?g|jpe|jfif|png|gif|bmp|webp)$", re.IGNORECASE)
TFRECORD_NAME = re.compile(r"(\.tfrecords?|\.tfrec)(-\d{5}-of-\d{5})?(\.gz)?$|-\d{5}-of-\d{5}(\.gz)?$", re.IGNORECASE)

LONGEST_CLASS = 255
"""Characters in the name of a class, as in that of a folder."""


def mixing_key(name: str) -> bytes:
    """Returns a key that sorts photos in an order that mixes the classes and is the same every time.

    A training step reads a stretch of the records at a time; records sorted by class would show it one class only.
    """
    return hashlib.sha256(name.encode("utf-8", "surrogateescape")).digest()


def class_name(name: str, aliases: dict[str, str]) -> str:
    """Returns the label for a folder's or a manifest's name of a class, after the user's aliases.

    Names are brought to Unicode's composed form, since the same word typed on macOS and on Linux differs in bytes. One
    that is too long to be a class's stays as it is: to compose it may take minutes.
    """
    name = printable(name).strip()
    if len(name) <= LONGEST_CLASS:
        name = unicodedata.normalize("NFC", name)
    return aliases.get(name, name)


def class_fault(name: str) -> str:
    """Returns what is wrong with the name of a class; empty if nothing is.

    Args:
        name: As `class_name` returns it.
    """
    if not name:
        return "is blank"
    return f"has {len(name):,} characters, more than {LONGEST_CLASS}" if len(name) > LONGEST_CLASS else ""
