import json

import numpy as np
import pytest
from bounded import in_a_child
from many_results import outcome

from components.ingest import quarantine
from components.ingest.file_names import HIDDEN
from components.ingest.quarantine import Quarantine, packed, unpacked
from components.ingest.reasons import BLANK, BROKEN
from components.ingest.report import Quarantined
from components.ingest.results import PACKED, QUARANTINED, result_line
from components.wording import natural_key

REASONS = (
    "x: 'a' is no number",
    f"{HIDDEN}: it is no photo",
    BLANK,
    f"{BROKEN}: it ends",
    "é\n\\ud800".encode().decode(),
)


def some(count):
    random = np.random.default_rng(0)
    lines, reasons = random.integers(0, 300, count), random.integers(0, len(REASONS), count)
    return [
        Quarantined(place=f"rows.csv, line {line}", reason=REASONS[reason])
        for line, reason in zip(lines, reasons, strict=True)
    ]


@pytest.mark.parametrize("count", [0, 3, 7, 100, 1000])
def test_any_number_is_in_the_order_of_places_and_counted(count, monkeypatch):
    monkeypatch.setattr(quarantine, "HELD", 7)
    items = some(count)
    found = Quarantine()
    found.add(items[: count // 2])
    found.add(unpacked(packed(items[count // 2 :])))
    expected = sorted(items, key=lambda item: (natural_key(item.place), item.reason))
    hidden = [item for item in expected if item.reason.startswith((HIDDEN, BLANK))]
    meant = [item for item in expected if not item.reason.startswith((HIDDEN, BLANK))]
    assert (found.count, found.hidden) == (count, len(hidden))
    assert found.first == tuple([*meant, *hidden][:5])
    assert found.broken == tuple(item for item in expected if item.reason.startswith(BROKEN))[:5]
    assert list(found) == expected


def test_a_hundred_thousand_take_little_memory(tmp_path):
    path = tmp_path / "results.jsonl"
    count = 100_000
    items = [
        Quarantined(place=f"rows.csv, line {number}", reason="it has 1 cells instead of 29") for number in range(count)
    ]
    with path.open("w") as file:
        file.writelines(result_line(QUARANTINED, item.model_dump()) + "\n" for item in items[: count // 2])
        file.write(result_line(PACKED, packed(items[count // 2 :])) + "\n")
    ((found, mebibytes),) = in_a_child(outcome, [path])
    assert found == str(count)
    assert mebibytes < 32
    lines = (tmp_path / "quarantine.jsonl").read_text().splitlines()
    assert [json.loads(line)["place"] for line in lines] == [f"rows.csv, line {number}" for number in range(count)]
