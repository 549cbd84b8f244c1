"""Names of files, folders and classes: how they are read, shown and stored."""

import hashlib
import re
import unicodedata

SPLIT_NAMES = {
    "train": "train",
    "training": "train",
    "validation": "eval",
    "valid": "eval",
    "val": "eval",
    "eval": "eval",
    "evaluation": "eval",
    "dev": "eval",
    "test": "test",
    "testing": "test",
}
"""The split that a folder, a file prefix or a manifest's cell names, in lower case."""

PHOTO_NAME = re.compile(r"\.(jpe?g|jpe|jfif|png|gif|bmp|webp)$", re.IGNORECASE)
TFRECORD_NAME = re.compile(r"(\.tfrecords?|\.tfrec)(-\d{5}-of-\d{5})?(\.gz)?$|-\d{5}-of-\d{5}(\.gz)?$", re.IGNORECASE)

HIDDEN = "hidden file"
"""How the reason begins for which a hidden file is quarantined."""

_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f\x85\u2028\u2029]")


def shown(name: str) -> str:
    r"""Returns a name as valid, one-line text: undecodable bytes and control characters become escapes.

    >>> shown("a\nb")
    'a\\nb'
    """
    text = name.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
    return _UNPRINTABLE.sub(lambda found: found.group().encode("unicode_escape").decode("ascii"), text)


def mixing_key(name: str) -> bytes:
    """Returns a key that sorts photos in an order that mixes the classes and is the same every time.

    A training step reads a stretch of the records at a time; records sorted by class would show it one class only.
    """
    return hashlib.sha256(name.encode("utf-8", "surrogateescape")).digest()


def class_name(name: str, aliases: dict[str, str]) -> str:
    """Returns the label for a folder's or a manifest's name of a class, after the user's aliases.

    Names are brought to Unicode's composed form, since the same word typed on macOS and on Linux differs in bytes.
    """
    name = unicodedata.normalize("NFC", shown(name).strip())
    return aliases.get(name, name)


def split_of_name(name: str) -> str:
    """Returns the split that a folder's name names, or "" if it names none."""
    return SPLIT_NAMES.get(name.strip().lower(), "")


def is_hidden(name: str) -> bool:
    """Returns whether a file or folder is one that systems keep for themselves."""
    return name.startswith(".") or name == "__MACOSX"
