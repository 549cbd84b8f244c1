import ast
import os.path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from components.errors import TransferlineError
from components.evaluator.config import Evaluation, Threshold
from pipeline.new.python_source import Written, assignment, constant, formatted, imports, quoted


@given(st.text())
@example("a'b\n")
@example("\\'\"")
@example('\'""')
@example("\ud800")
def test_any_text_comes_back(text):
    assert ast.literal_eval(quoted(text)) == text


@pytest.mark.parametrize(
    ("text", "source"),
    [("cat", '"cat"'), ("a'b", '"a\'b"'), ('say "hi"', "'say \"hi\"'"), ("'\"", '"\'\\""'), ("a\n", '"a\\n"')],
)
def test_quotes_are_those_of_the_formatter(text, source):
    assert quoted(text) == source


def test_only_what_was_given_is_written():
    settings = Evaluation(thresholds=(Threshold(metric="auc", at_least=0.5),))
    source = assignment("CONFIG", settings, Written())
    assert source == 'CONFIG = Evaluation(thresholds=(Threshold(metric="auc", at_least=0.5),))'
    assert imports(settings, ["PHOTO_SLICES"]) == "from pipeline.config import PHOTO_SLICES, Evaluation, Threshold"


def test_imports_that_are_too_long_for_a_line():
    settings = Evaluation(thresholds=(Threshold(metric="auc", at_least=0.5),))
    lines = imports(settings, [f"Long{number}" * 10 for number in range(10, 13)]).splitlines()
    assert lines[0] == "from pipeline.config import ("
    assert lines[1:-1] == [
        "    Evaluation,",
        *(f"    {f'Long{number}' * 10}," for number in range(10, 13)),
        "    Threshold,",
    ]
    assert lines[-1] == ")"


def test_a_comment_stands_above_its_setting():
    settings = Evaluation(thresholds=(Threshold(metric="auc", at_least=0.5),), slices=("label",))
    written = Written(comments={"thresholds": "A beginning."}, names={"slices": "SLICES"})
    assert assignment("CONFIG", settings, written).splitlines() == [
        "CONFIG = Evaluation(",
        "    # A beginning.",
        '    thresholds=(Threshold(metric="auc", at_least=0.5),),',
        "    slices=SLICES,",
        ")",
    ]


def test_long_constants_fill_their_lines():
    names = tuple(f"column_{number}" for number in range(100))
    source = constant("NAMES", names)
    assert ast.literal_eval(source.removeprefix("NAMES = ").removesuffix("  # fmt: skip")) == names
    assert max(map(len, source.splitlines())) <= 120
    assert len(source.splitlines()) < 20


def test_nobodys_settings_for_ruff_change_the_layout(monkeypatch, tmp_path):
    (tmp_path / "ruff.toml").write_text("line-length = 20\n[format]\nquote-style = 'single'\n")
    monkeypatch.chdir(tmp_path)
    assert formatted("NAMES = ['a long name', 'another']") == 'NAMES = ["a long name", "another"]'


def test_without_ruff_the_error_says_what_to_install(monkeypatch):
    monkeypatch.setattr(os.path, "isfile", lambda _: False)
    with pytest.raises(TransferlineError, match="ruff") as caught:
        formatted("x = 1")
    assert "pip install ruff" in caught.value.cure
