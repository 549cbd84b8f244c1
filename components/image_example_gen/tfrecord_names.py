"""Finds TFRecord files and the splits that their names tell; it reads none."""

import os
import re

from components.image_example_gen.names import TFRECORD_NAME
from components.ingest import storage
from components.ingest.file_names import HIDDEN, SPLIT_NAMES, is_hidden

_SPLIT_WORD = re.compile(rf"(?<![a-z])({'|'.join(sorted(SPLIT_NAMES, key=len, reverse=True))})(?![a-z])", re.IGNORECASE)


def top_of(path: str) -> str:
    """Returns the folder that names of TFRecord files are relative to."""
    return path if storage.is_folder(path) else os.path.dirname(path)


def tfrecord_names(path: str) -> list[tuple[str, str]]:
    """Returns each file's name and why it can't be used: all below a folder, or those a pattern matches."""
    if not storage.is_folder(path):
        top = top_of(path)
        files = storage.glob(path) if not storage.exists(path) else [path]
        return [(os.path.relpath(file, top) if storage.is_local(file) else file, "") for file in files]
    nodes = [node for node in storage.walk(path) if not node.is_folder]
    return [(node.name, node.fault or _name_fault(node.name)) for node in nodes]


def _name_fault(name: str) -> str:
    if any(is_hidden(part) for part in name.split("/")):
        return f"{HIDDEN}: it is no TFRecord"
    return "" if TFRECORD_NAME.search(name) else "it isn't named like a TFRecord"


def split_of_file(name: str) -> str:
    """Returns the split that a file's name, else the folder it lies in, names; "" if they name none.

    >>> split_of_file("Split-eval/data_tfrecord-00000-of-00001.gz")
    'eval'
    """
    for part in reversed(name.split("/")[-2:]):
        words = _SPLIT_WORD.findall(part)
        if words:
            return SPLIT_NAMES[words[0].lower()]
    return ""
