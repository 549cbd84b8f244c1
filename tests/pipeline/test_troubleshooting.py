"""The keys of docs/troubleshooting.md are texts that this project prints, so that they can be searched for."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[2]
KEY = re.compile(r"^\*\*`(.+?)`(?:, or `(.+?)`)?(.*)\*\*$", re.MULTILINE)
OTHER_PROGRAMS = (
    "Error while running",
    "Pipeline ",
    "command not found",
    "ml-metadata==",
    "Failed to ",
    "'NoneType' object",
)


def keys() -> list[str]:
    page = (PROJECT / "docs" / "troubleshooting.md").read_text(encoding="utf-8")
    found = [key for first, second, _ in KEY.findall(page) for key in (first, second) if key]
    return [key for key in found if not key.startswith(OTHER_PROGRAMS)]


def texts(tree: ast.AST) -> Iterator[str]:
    """Texts as they are printed, of an f-string with a line break for each value that is put in."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value
        elif isinstance(node, ast.JoinedStr):
            yield "".join(str(part.value) if isinstance(part, ast.Constant) else "\n" for part in node.values)


@pytest.fixture(scope="module")
def source() -> str:
    files = [file for package in ("components", "pipeline") for file in (PROJECT / package).rglob("*.py")]
    return "\n".join(text for file in files for text in texts(ast.parse(file.read_text(encoding="utf-8"))))


def test_entries_are_found():
    assert len(keys()) > 20


@pytest.mark.parametrize("key", keys())
def test_the_fixed_words_of_a_key_are_in_the_source(source, key):
    pieces = [words.strip(" ;") for words in key.split("...")]
    assert max(map(len, pieces)) > len("...")
    assert [words for words in pieces if words not in source] == []
