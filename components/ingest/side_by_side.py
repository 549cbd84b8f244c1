"""Does the same work on many things at once."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

THREADS = 32
"""Requests under way at once: each waits for a network, and costs next to nothing."""

HELD_BYTES = 256 * 2**20
"""So many bytes are worked on at once; a single item may have more."""

In = TypeVar("In")
Out = TypeVar("Out")


def side_by_side(work: Callable[[In], Out], items: Iterable[In]) -> Iterator[Out]:
    """Yields the result for each item, in order; work that waits for a network is done by many threads.

    No more is read ahead than the threads are at work on, so that memory stays flat.
    """
    with ThreadPoolExecutor(THREADS) as threads:
        yield from in_order(threads, work, items, ahead=THREADS)


def in_order(
    threads: ThreadPoolExecutor,
    work: Callable[[In], Out],
    items: Iterable[In],
    *,
    ahead: int,
    size_of: Callable[[In], int] = lambda _: 0,
) -> Iterator[Out]:
    """Yields the results in order; at most `ahead` are in the making beside the one that is waited for.

    Args:
        threads: Who works.
        work: What is done with an item.
        items: The items.
        ahead: Bound on how many are in the making.
        size_of: The bytes of an item: fewer are in the making where they are more than `HELD_BYTES`.
    """
    pending: deque[tuple[Future[Out], int]] = deque()
    held = 0
    for item in items:
        size = size_of(item)
        while pending and held + size > HELD_BYTES:
            done, its_size = pending.popleft()
            yield done.result()
            held -= its_size
        pending.append((threads.submit(work, item), size))
        held += size
        if len(pending) > ahead:
            done, its_size = pending.popleft()
            yield done.result()
            held -= its_size
    while pending:
        yield pending.popleft()[0].result()
