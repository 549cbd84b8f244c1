"""Keeps the rows of a split packed in a file, and hands them out by windows.

A split that fits in memory is one window, which is read once. A larger one is read in each epoch anew, its blocks in
another order each time, while the window before is trained on. To parse and transform the records in each epoch instead
would take several times as long as to train on them.
"""

import os
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from typing import IO, NamedTuple

import numpy as np
import numpy.typing as npt
import tensorflow as tf

from components.errors import TransferlineError

BLOCK_ROWS = 1024
"""Rows that stay together when blocks are shuffled; within a window rows are shuffled one by one."""

WINDOWS_HELD = 3
"""The one in use, the next one, and the buffer that it is read into."""

Packed = npt.NDArray[np.float32]
"""[rows, width]: the features of each row, its weight where rows have one, and its label: the class number, which
float32 has exactly up to 2**24, or the number to predict."""

BLOCK_READ = 2**16
"""Rows that `PackedRows.blocks` reads at a time."""


class PackedRows:
    """One split, in a file without a name, which the system removes with the process, however that ends.

    Args:
        columns: Features of a row.
        folder: Where the file is; "" for where temporary files are.
        weighted: Whether each row has a weight.
        of_classes: Whether the label is a class number.

    Attributes:
        by_class: Rows by class number, or the sums of their weights; empty where the label is none.
        weight: All rows, or the sum of all weights.
    """

    def __init__(self, columns: int, folder: str = "", *, weighted: bool = False, of_classes: bool = True) -> None:
        self.columns, self.weighted, self.rows = columns, weighted, 0
        self.weight, self._of_classes = 0.0, of_classes
        self.width = columns + weighted + 1
        self.by_class: Counter[int] = Counter()
        self.row_bytes = self.width * np.dtype(np.float32).itemsize
        self.place = folder or tempfile.gettempdir()
        self._file = self._made_file()

    @property
    def nbytes(self) -> int:
        """Bytes of all rows."""
        return self.rows * self.row_bytes

    def add(self, packed: Packed) -> None:
        """Adds rows at the end."""
        try:
            self._file.write(np.ascontiguousarray(packed, np.float32).data)
            self._file.flush()
        except OSError as error:
            raise self._unwritten(error) from error
        self.rows += len(packed)
        self.weight += float(packed[:, -2].sum(dtype=np.float64)) if self.weighted else len(packed)
        if not self._of_classes:
            return
        ids, at = np.unique(packed[:, -1], return_inverse=True)
        sums = np.bincount(at, packed[:, -2] if self.weighted else None)
        self.by_class.update(dict(zip(ids.astype(int).tolist(), sums.tolist(), strict=True)))

    def read(self, begin: int, into: Packed) -> None:
        """Reads as many rows as an array has room for, from a number on."""
        missing, at = into.data.cast("B"), begin * self.row_bytes
        while missing:  # Linux reads 2 GiB at a time
            count = os.preadv(self._file.fileno(), [missing], at)
            if not count:
                raise EOFError(f"there are {self.rows} rows, and not {len(into)} from {begin} on")
            missing, at = missing[count:], at + count

    def blocks(self) -> Iterator[Packed]:
        """Yields all rows in their order, some at a time."""
        for begin in range(0, self.rows, BLOCK_READ):
            block = np.empty([min(BLOCK_READ, self.rows - begin), self.width], np.float32)
            self.read(begin, block)
            yield block

    def _made_file(self) -> IO[bytes]:
        try:
            return tempfile.TemporaryFile(dir=self.place)
        except OSError as error:
            raise self._unwritten(error) from error

    def _unwritten(self, error: OSError) -> TransferlineError:
        return TransferlineError(
            f"The packed rows can't be written: {error.strerror}.",
            place=self.place,
            cure="Free the disk; a row takes 4 bytes a column there as long as it trains.",
        )


class Window(NamedTuple):
    """A part of a split.

    Attributes:
        rows: float32 [rows of the largest window, width].
        size: How many of them are its own, the first ones.
    """

    rows: tf.Tensor
    size: int


class Windows:
    """The parts of a split that are where the training computes, each in the place of the one before.

    Args:
        packed: The split.
        memory: Bytes that the windows in memory may take together; None holds the whole split as one window.
        multiple: All windows but the last have a multiple of so many rows.
        strategy: Whose devices compute; the default one of TensorFlow where none is given.

    Attributes:
        rows: The window, float32 [rows of the largest, width]. Every device of this process has a copy of it, which is
            sent there once: what is handed to `strategy.run` instead goes to a TPU with each step. Beyond the rows of
            a smaller window, those of another one are left.
    """

    def __init__(
        self, packed: PackedRows, memory: int | None, multiple: int = 1, strategy: tf.distribute.Strategy | None = None
    ) -> None:
        self._packed = packed
        self._largest = packed.rows
        self._whole = memory is None
        if memory is None:
            ((first, _),) = self._read([0], packed.rows)
        else:
            fitting = memory // WINDOWS_HELD // packed.row_bytes
            self._largest = min(max(fitting - fitting % multiple, multiple), packed.rows)
            first = tf.zeros([self._largest, packed.width])
        self.rows = _variable(first, strategy or tf.distribute.get_strategy())

    @property
    def is_whole(self) -> bool:
        """Whether there is one window, of all rows."""
        return self._whole

    def __iter__(self) -> Iterator[int]:
        """Has the windows in `rows`, in the order of the rows; yields how many rows each has."""
        return self._one_by_one(range(0, self._packed.rows, BLOCK_ROWS))

    def shuffled(self, seed: tuple[int, int]) -> Iterator[int]:
        """The same, of rows whose blocks are shuffled by a seed; within a window, rows aren't shuffled yet."""
        begins = np.random.default_rng(seed).permutation(range(0, self._packed.rows, BLOCK_ROWS))
        return self._one_by_one(begins.tolist())

    def _one_by_one(self, begins: Iterable[int]) -> Iterator[int]:
        if self._whole:
            yield self._packed.rows
            return
        # Each is read while the one before is in use.
        windows = self._read(begins, BLOCK_ROWS)
        with ThreadPoolExecutor(1) as thread:
            following = thread.submit(next, windows, None)
            while (window := following.result()) is not None:
                following = thread.submit(next, windows, None)
                self.rows.assign(window.rows, read_value=False)
                count = window.size
                # Otherwise it would be there twice as long as it is in use.
                del window
                yield count

    def _read(self, begins: Iterable[int], block_rows: int) -> Iterator[Window]:
        """Reads blocks one after the other; what doesn't fit into a window goes on in the next."""
        window, filled = np.zeros([self._largest, self._packed.width], np.float32), 0
        for begin in begins:
            at, end = begin, min(begin + block_rows, self._packed.rows)
            while at < end:
                taken = min(end - at, self._largest - filled)
                self._packed.read(at, window[filled : filled + taken])
                at, filled = at + taken, filled + taken
                if filled == self._largest:
                    yield Window(tf.constant(window), filled)
                    filled = 0
        if filled:
            yield Window(tf.constant(window), filled)


def _variable(rows: tf.Tensor, strategy: tf.distribute.Strategy) -> tf.Variable:
    # A variable of several workers would be sent from the first to the others, all of which read the rows themselves.
    own = isinstance(strategy, tf.distribute.MultiWorkerMirroredStrategy)
    with nullcontext() if own else strategy.scope():
        return tf.Variable(rows, trainable=False)
