"""Keeps what frozen layers make of photos from training to training, for the Trainer and for whoever else reads it.

Each `Tensor` is a folder of the store, whose name is a hash of all that its values depend on besides photo and view:

    tensor.json            the `Tensor`
    PART.index.npy         one `INDEX` a row: the SHA-256 of the photo's bytes, the number of its view, a scale
    PART.values.npy        float16 [rows, *shape]; the values are these times the scale of their row

View 0 is the photo as it is, the others were changed at random. A part is written under other names and renamed, its
index last: what has an index is whole. To compare the photos that a training had, training and validation split alike:

    for folder in stored_folders(model_run):
        stored = StoredValues(folder)
        photos = stored.photos(view=0)
        vectors = stored.read(stored.rows(photos, view=0))
"""

import hashlib
import io
import json
import logging
import os
import tempfile
import uuid
from collections.abc import Collection, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import tensorflow as tf
from pydantic import ValidationError

from components.settings import Settings
from components.trainer.transfer_learning.store_files import FOLDERS, TENSOR

LOGGER = logging.getLogger(__name__)

INDEX_FILE, VALUES_FILE, UNFINISHED = ".index.npy", ".values.npy", ".part"
INDEX = np.dtype([("photo", "S64"), ("view", "<i4"), ("scale", "<f4")])
PART_BYTES = 64 * 2**20
"""A part is written when it has so many bytes: so much is held in memory, and lost where a training is killed."""


class Tensor(Settings):
    """What is stored of each view of a photo, and all that it depends on besides the two.

    Attributes:
        layer: The layer whose output it is.
        shape: Of the output for one view.
        seen: How a photo becomes what the network sees: Transform's settings.
        augmentation: How views are changed.
        seed: Of the changes.
        weights: SHA-256 of the weights that the output depends on.
        precision: What the layers compute in.
        code: SHA-256 of the source that makes it of a photo, with the versions of the libraries.
    """

    layer: str
    shape: tuple[int, ...]
    seen: dict[str, Any]
    augmentation: dict[str, Any]
    seed: int
    weights: str
    precision: str
    code: str

    @property
    def key(self) -> str:
        """The name of its folder."""
        return hashlib.sha256(self.model_dump_json().encode()).hexdigest()[:16]

    @property
    def row_bytes(self) -> int:
        """Bytes of one row on the disk."""
        return int(np.prod(self.shape)) * np.dtype(np.float16).itemsize + INDEX.itemsize


def tensors(store: str) -> dict[str, Tensor]:
    """Returns the tensors of a store by their folders, the one that was used last first."""
    found: dict[str, Tensor] = {}
    used: dict[str, int] = {}
    for file in tf.io.gfile.glob(os.path.join(store, "*", TENSOR)):
        folder = os.path.dirname(file)
        try:
            found[folder] = Tensor.model_validate_json(_read(file))
            used[folder] = tf.io.gfile.stat(file).mtime_nsec
        except (tf.errors.OpError, ValidationError) as error:
            LOGGER.warning("%s can't be read and is passed over: %s", file, error)
    return {folder: found[folder] for folder in sorted(found, key=used.__getitem__, reverse=True)}


def write_stored_folders(model_run: str, folders: Sequence[str]) -> None:
    """Notes beside the learning curves what a training was trained on."""
    _write(os.path.join(model_run, FOLDERS), json.dumps(list(folders)).encode())


def stored_folders(model_run: str) -> list[str]:
    """Returns the folders of what a training was trained on, as far as they are still there.

    Args:
        model_run: The Trainer's output of that name.

    Returns:
        That of the base's output first, and that of the cut, where phase 2 had one; nothing of fresh views.
    """
    file = os.path.join(model_run, FOLDERS)
    folders = json.loads(_read(file)) if tf.io.gfile.exists(file) else []
    return [folder for folder in folders if tf.io.gfile.exists(os.path.join(folder, TENSOR))]


def begin(folder: str, tensor: Tensor) -> None:
    """Makes the folder of a tensor where it isn't there, and notes that it is used now."""
    tf.io.gfile.makedirs(folder)
    _write(os.path.join(folder, TENSOR), tensor.model_dump_json(indent=2).encode())


def remove_unfinished(folder: str) -> None:
    """Removes what a training that was killed left of a part; nobody else may be at work on the tensor."""
    files = tf.io.gfile.glob(os.path.join(folder, "*"))
    whole = {file.removesuffix(INDEX_FILE) for file in files if file.endswith(INDEX_FILE)}
    for file in files:
        if file.endswith(UNFINISHED) or (file.endswith(VALUES_FILE) and file.removesuffix(VALUES_FILE) not in whole):
            tf.io.gfile.remove(file)


def make_room(store: str, needed: int, bound: int, keep: Collection[str]) -> None:
    """Removes tensors, the longest unused first, until what is needed fits in beside the others.

    Args:
        store: The folder of all tensors.
        needed: Bytes that those to keep will have when they are whole.
        bound: Bytes that all may have together.
        keep: Folders that stay.
    """
    others = {folder: size(folder) for folder in tensors(store) if folder not in keep}
    while others and needed + sum(others.values()) > bound:
        folder, _ = others.popitem()
        LOGGER.info("%s goes, so that the stored features stay within %d bytes", folder, bound)
        tf.io.gfile.rmtree(folder)


def size(folder: str) -> int:
    """Returns the bytes of a tensor's files."""
    return sum(tf.io.gfile.stat(file).length for file in tf.io.gfile.glob(os.path.join(folder, "*")))


class StoredValues:
    """The values of one tensor, which stay on the disk until they are read.

    What lies in another file system is copied to this machine's, for as long as the object lives.

    Args:
        folder: The tensor's.
    """

    def __init__(self, folder: str) -> None:
        self.tensor = Tensor.model_validate_json(_read(os.path.join(folder, TENSOR)))
        self._scratch = tempfile.TemporaryDirectory() if "://" in folder else None
        self._values: list[npt.NDArray[np.float16]] = []
        indices: list[npt.NDArray[np.void]] = []
        for file in sorted(tf.io.gfile.glob(os.path.join(folder, f"*{INDEX_FILE}"))):
            try:
                index, values = self._part(file)
            except (tf.errors.OpError, OSError, ValueError) as error:
                LOGGER.warning("%s is damaged and is passed over: %s", file, error)
            else:
                indices.append(index)
                self._values.append(values)
        self.index = np.concatenate(indices) if indices else np.empty(0, INDEX)
        self._starts = np.cumsum([0, *map(len, indices)])
        order = np.lexsort((self.index["view"], self.index["photo"]))
        self._order, self._sorted = order, self.index[order][["photo", "view"]]

    def photos(self, view: int) -> npt.NDArray[np.bytes_]:
        """Returns the SHA-256 of each photo of which a view is stored, as hex digits, each once."""
        return np.unique(self.index["photo"][self.index["view"] == view])

    def rows(self, photos: Sequence[str] | npt.NDArray[np.bytes_], view: int) -> npt.NDArray[np.int64]:
        """Returns the numbers of the rows of a view of some photos, int64; -1 where it isn't stored.

        Args:
            photos: SHA-256 of each photo's bytes, as hex digits.
            view: The view's number.
        """
        asked = np.empty(len(photos), self._sorted.dtype)
        asked["photo"], asked["view"] = photos, view
        if not len(self._sorted):
            return np.full(len(photos), -1)
        places = np.minimum(np.searchsorted(self._sorted, asked), len(self._sorted) - 1)
        return np.where(self._sorted[places] == asked, self._order[places], -1)

    def read(self, rows: npt.NDArray[np.int64]) -> npt.NDArray[np.float32]:
        """Returns the values of rows by their numbers, float32 [rows, *shape]."""
        values = np.empty((len(rows), *self.tensor.shape), np.float32)
        parts = np.searchsorted(self._starts, rows, side="right") - 1
        for place, (part, row) in enumerate(zip(parts, rows - self._starts[parts], strict=True)):
            values[place] = self._values[part][row]
        return values * self.index["scale"][rows].reshape(-1, *[1] * len(self.tensor.shape))

    def _part(self, index_file: str) -> tuple[npt.NDArray[np.void], npt.NDArray[np.float16]]:
        index = np.load(io.BytesIO(_read(index_file)))
        path = index_file.removesuffix(INDEX_FILE) + VALUES_FILE
        if self._scratch:
            path, remote = os.path.join(self._scratch.name, os.path.basename(path)), path
            tf.io.gfile.copy(remote, path)
        values = np.load(path, mmap_mode="r")
        if index.dtype != INDEX or values.shape != (len(index), *self.tensor.shape):
            raise ValueError(f"{len(index)} rows of an index, and values of the shape {values.shape}")
        return index, values


class Writer:
    """Adds rows to a tensor; used as a context, which writes what is left at its end.

    Args:
        folder: The tensor's, in which it has begun.
        tensor: The tensor.
    """

    def __init__(self, folder: str, tensor: Tensor) -> None:
        self._folder = folder
        self._tensor = tensor
        self._index: list[npt.NDArray[np.void]] = []
        self._values: list[npt.NDArray[np.float16]] = []
        self._bytes = 0

    def __enter__(self) -> "Writer":
        return self

    def __exit__(self, *error: object) -> None:
        self._flush()

    def add(self, photos: Sequence[str] | npt.NDArray[np.bytes_], view: int, values: npt.NDArray[np.float32]) -> None:
        """Adds a view of some photos, float [photos, *shape].

        Each row is scaled to 1, or float16 would have no room for large values and no digits for small ones.
        """
        largest = np.abs(values).max(axis=tuple(range(1, values.ndim)))
        index = np.empty(len(values), INDEX)
        index["photo"], index["view"], index["scale"] = photos, view, np.where(largest > 0, largest, 1)
        self._index.append(index)
        self._values.append((values / index["scale"].reshape(-1, *[1] * (values.ndim - 1))).astype(np.float16))
        self._bytes += len(values) * self._tensor.row_bytes
        if self._bytes >= PART_BYTES:
            self._flush()

    def _flush(self) -> None:
        if self._index:
            part = os.path.join(self._folder, uuid.uuid4().hex)
            _write(part + VALUES_FILE, _encoded(np.concatenate(self._values)))
            _write(part + INDEX_FILE, _encoded(np.concatenate(self._index)))
        self._index, self._values, self._bytes = [], [], 0


def _encoded(array: npt.NDArray[Any]) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, array)
    return buffer.getvalue()


def _read(file: str) -> bytes:
    with tf.io.gfile.GFile(file, "rb") as stream:
        return stream.read()


def _write(file: str, content: bytes) -> None:
    """Puts a file in place as a whole, or not at all."""
    unfinished = f"{file}-{uuid.uuid4().hex}{UNFINISHED}"
    with tf.io.gfile.GFile(unfinished, "wb") as stream:
        stream.write(content)
    tf.io.gfile.rename(unfinished, file, overwrite=True)
