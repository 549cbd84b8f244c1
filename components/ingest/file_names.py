"""Tells hidden files, and the split that a file or folder is named after."""

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


def split_of_name(name: str) -> str:
    """Returns the split that a folder's name names, or "" if it names none."""
    return SPLIT_NAMES.get(name.strip().lower(), "")


def is_hidden(name: str) -> bool:
    """Returns whether a file or folder is one that systems keep for themselves."""
    return name.startswith(".") or name == "__MACOSX"
