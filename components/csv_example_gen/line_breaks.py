"""Finds where the lines of CSV begin."""

import numpy as np
import numpy.typing as npt

NEWLINE, QUOTE = ord("\n"), ord('"')


def line_starts(data: bytes, *, newlines_in_values: bool = False) -> npt.NDArray[np.int64]:
    """Returns the offset of each line, or of each record where cells in quotes may hold line breaks."""
    if not data:
        return np.zeros(0, np.int64)
    array = np.frombuffer(data, np.uint8)
    ends = array == NEWLINE
    if newlines_in_values and b'"' in data:
        ends &= np.cumsum(array == QUOTE) % 2 == 0
    starts = np.concatenate([[0], np.flatnonzero(ends) + 1])
    return starts[:-1] if starts[-1] == len(data) else starts
