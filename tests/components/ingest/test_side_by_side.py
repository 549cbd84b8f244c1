import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from components.ingest import side_by_side
from components.ingest.side_by_side import in_order


@pytest.mark.parametrize(
    ("sizes", "most"),
    [([0] * 12, 5), ([10] * 12, 5), ([30] * 12, 3), ([60] * 12, 1), ([500] * 12, 1), ([60, 10] * 6, 4)],
)
def test_only_so_many_bytes_are_held_at_once(sizes, most, monkeypatch):
    monkeypatch.setattr(side_by_side, "HELD_BYTES", 100)
    lock, made, taken, held = threading.Lock(), 0, 0, []

    def work(item):
        nonlocal made
        with lock:
            made += 1
            held.append(made - taken)
        return item[0]

    with ThreadPoolExecutor(4) as threads:
        results = []
        for result in in_order(threads, work, enumerate(sizes), ahead=4, size_of=lambda item: item[1]):
            results.append(result)
            with lock:
                taken += 1
    assert results == list(range(12))
    assert max(held) <= most + 1  # and the one that was asked for
