"""SECURITY.md names settings that there are."""

import re
from pathlib import Path

from pipeline import catalog
from pipeline.config.overrides import flattened
from pipeline.config.sources import Download

PAGE = (Path(__file__).parents[2] / "SECURITY.md").read_text("utf-8")


def test_each_bound_is_a_setting():
    bounds = PAGE.partition("## Bounds")[2].partition("\n## ")[0]
    named = set(re.findall(r"`((?:data|gate)[a-z_.]+)`", bounds))
    known = {key for name in ("digits", "higgs") for key in flattened(catalog.load(name).model_dump())}
    assert len(named) > 3
    assert named - known == set()
    assert f"{Download.model_fields['at_most'].default // 2**30} GiB: `at_most`" in bounds
