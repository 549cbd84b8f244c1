"""Does the same work on many things at once."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

THREADS = 32
"""Requests under way at once: each waits for a network, and costs next to nothing."""

In = TypeVar("In")
Out = TypeVar("Out")


def side_by_side(work: Callable[[In], Out], items: Iterable[In]) -> Iterator[Out]:
    """Yields the result for each item, in order; work that waits for a network is done by many threads.

    No more is read ahead than the threads are at work on, so that memory stays flat.
    """
    with ThreadPoolExecutor(THREADS) as threads:
        yield from in_order(threads, work, items, ahead=THREADS)


def in_order(
    threads: ThreadPoolExecutor, work: Callable[[In], Out], items: Iterable[In], *, ahead: int
) -> Iterator[Out]:
    """Yields the results in order; at most `ahead` are in the making beside the one that is waited for."""
    pending: deque[Future[Out]] = deque()
    for item in items:
        pending.append(threads.submit(work, item))
        if len(pending) > ahead:
            yield pending.popleft().result()
    while pending:
        yield pending.popleft().result()
