"""Names of files and folders: how they are shown, and which split they name."""

import re

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


def split_of_name(name: str) -> str:
    """Returns the split that a folder's name names, or "" if it names none."""
    return SPLIT_NAMES.get(name.strip().lower(), "")


def is_hidden(name: str) -> bool:
    """Returns whether a file or folder is one that systems keep for themselves."""
    return name.startswith(".") or name == "__MACOSX"
