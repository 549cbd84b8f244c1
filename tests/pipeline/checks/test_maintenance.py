import platform
import sys
import tarfile
from dataclasses import replace
from datetime import date

import pytest
from packaging.version import Version

from pipeline.checks import environment, maintenance
from pipeline.checks.maintenance import HOLES, check_end_of_life, check_holes, check_maintained


@pytest.mark.parametrize(
    ("python", "today", "level", "text"),
    [
        ((3, 10), date(2026, 10, 31), "ok", "Python 3.10 gets fixes until October 2026"),
        ((3, 10), date(2026, 11, 1), "warning", "Python 3.10 has had no fixes since October 2026."),
        ((3, 12), date(2026, 11, 1), "ok", "Python 3.12 gets fixes until October 2028"),
    ],
)
def test_a_python_past_its_end_of_life(monkeypatch, python, today, level, text):
    monkeypatch.setattr("sys.version_info", python)
    finding = check_end_of_life(today)
    assert (finding.level, finding.text) == (level, text)
    assert ("make setup PYTHON=3.12" in finding.cure) == (level == "warning")


def test_every_python_that_there_is_a_tfx_for_has_an_end_of_life_and_fixed_releases():
    first, last = environment.PYTHONS
    pythons = {(3, minor) for minor in range(first[1], last[1] + 1)}
    assert set(maintenance.END_OF_LIFE) == pythons
    assert all(set(hole.fixed_in) == pythons for hole in HOLES)


def test_lines_without_fixes_are_named():
    old = list(check_maintained({"tfx": "1.16.0", "tensorflow": "2.16.2", "numpy": "1.26.4"}))
    assert [(finding.level, finding.text) for finding in old] == [
        ("warning", "tfx 1.16.0 is of a line that gets no more fixes."),
        ("warning", "tensorflow 2.16.2 is of a line that gets no more fixes."),
    ]
    assert list(check_maintained({"tfx": "1.21.0", "tensorflow": "2.21.1"})) == []


@pytest.mark.parametrize("hole", HOLES, ids=lambda hole: hole.advisory)
def test_a_release_with_the_fix_has_no_hole(hole):
    fixed = hole.fixed_in[sys.version_info[:2]]
    assert not (hole.is_open() and Version(platform.python_version()) >= Version(fixed))


def test_what_stands_in_the_interpreter_is_what_counts(monkeypatch):
    def mended(self, count):
        if count < 0:
            raise tarfile.InvalidHeaderError("invalid offset")
        return -(-count // tarfile.BLOCKSIZE) * tarfile.BLOCKSIZE

    monkeypatch.setattr(tarfile.TarInfo, "_block", mended)
    assert not maintenance.takes_negative_sizes()
    monkeypatch.setattr(tarfile.TarInfo, "_block", lambda _, count: count)
    assert maintenance.takes_negative_sizes()


def test_a_hole_is_named_with_the_release_that_has_the_fix(monkeypatch):
    fixed = {sys.version_info[:2]: "3.99.1"}
    holes = [replace(HOLES[0], is_open=lambda: True, fixed_in=fixed), replace(HOLES[1], is_open=lambda: False)]
    monkeypatch.setattr(maintenance, "HOLES", holes)
    (finding,) = check_holes()
    assert finding.level == "warning"
    assert finding.text == f"{platform.python_version()} has CVE-2025-8194: a .tar of 104 bytes is read for ever."
    assert "3.99.1" in finding.cure
    monkeypatch.setattr(maintenance, "HOLES", holes[1:])
    assert [finding.level for finding in check_holes()] == ["ok"]
