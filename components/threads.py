"""Says how many threads scikit-learn's routines get, which take all that there are."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

from threadpoolctl import threadpool_limits

NUMBERS_A_THREAD = 1_000_000
"""Of fewer numbers threads wait for each other more than they compute, and do so without a rest: where others are at
work on the machine, trees of 1,000 rows took ten times as long with two threads as with one."""


@contextmanager
def threads_for(numbers: int) -> Iterator[int]:
    """Bounds the threads of OpenMP and BLAS meanwhile; yields how many there are.

    Args:
        numbers: Rows times columns of what is computed on.
    """
    count = max(1, min(numbers // NUMBERS_A_THREAD, len(os.sched_getaffinity(0))))
    with threadpool_limits(count):
        yield count
