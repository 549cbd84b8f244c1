"""Some cases of each part of `make torture`."""

import signal

import pytest
from torture.part import BROKEN, part_names, part_of, run_case


@pytest.mark.parametrize("name", part_names())
def test_no_promise_is_broken(name):
    part = part_of(name)
    assert part.name == name
    results = []
    for case in range(part.sample):
        signal.alarm(part.seconds)  # ends the process, as in the torture itself
        results.append(run_case(part, 0, case))
        signal.alarm(0)
    assert [result for result in results if result.verdict.startswith(BROKEN)] == []
