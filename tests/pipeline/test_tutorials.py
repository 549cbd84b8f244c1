"""Each row of docs/tutorials.md that says "as the tutorial has it" names a file and what stands in it."""

import re
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[2]
PAGE = (PROJECT / "docs" / "tutorials.md").read_text(encoding="utf-8")
ROW = re.compile(r"^\| (\d+) \| (.+) \| (I|D|n/a) \| (.+) \|$", re.MULTILINE)
REFERENCE = re.compile(r"`([\w./]+\.\w+)`: `([^`]+)`")
FOLDERS = dict(re.findall(r"`([A-Z]+)` is `([\w/]+)`", PAGE.replace("\n", " ")))


def rows():
    return [(number, status, where) for number, _, status, where in ROW.findall(PAGE)]


def test_no_line_of_a_table_is_passed_over():
    lines = [line for line in PAGE.splitlines() if re.match(r"\| *\d", line)]
    numbers = [number for number, _, _ in rows()]
    assert len(numbers) == len(lines) >= 18
    assert len(set(numbers)) == len(numbers)


@pytest.mark.parametrize(("number", "status", "where"), rows())
def test_what_a_row_names_is_there(number, status, where):
    references = REFERENCE.findall(where)
    assert references or status != "I"
    for file, text in references:
        short, _, rest = file.partition("/")
        path = PROJECT / FOLDERS.get(short, short) / rest
        assert text in path.read_text(encoding="utf-8"), f"{file} has no {text}"
