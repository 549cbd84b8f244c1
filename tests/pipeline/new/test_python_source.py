import ast

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from components.evaluator.config import Evaluation, Threshold
from pipeline.new.python_source import Written, assignment, constant, imports, quoted


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
