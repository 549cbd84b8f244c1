"""docs/guarantees.md says what make torture counted."""

import json
import re
from pathlib import Path

from torture.part import BROKEN, part_names

DOCS = Path(__file__).parents[2] / "docs"
ROW = re.compile(r"^\|.*\| `(\w+)` \| ([^|]+) \| ([^|]+) \|$", re.MULTILINE)


def test_each_part_has_a_row_with_the_counts_that_are_kept():
    kept = json.loads((DOCS / "guarantees.json").read_text("utf-8"))
    rows = {part: (cases, broken) for part, cases, broken in ROW.findall((DOCS / "guarantees.md").read_text("utf-8"))}
    assert set(rows) == set(part_names())
    for part, (cases, broken) in rows.items():
        seeds = sorted((each for each in kept if each["part"] == part), key=lambda each: each["seed"])
        assert cases == " + ".join(f"{each['cases']:,}" for each in seeds), part
        found = sum(
            number for each in seeds for verdict, number in each["verdicts"].items() if verdict.startswith(BROKEN)
        )
        assert broken == str(found), part
