import pytest

from pipeline.profile.classes import FEW, UNBALANCED, few, unbalanced, with_counts


def test_counts_of_few_classes_are_in_their_order():
    assert with_counts({"0": 300, "1": 7000}) == "0: 300, 1: 7,000"


def test_of_many_classes_the_largest_are_told():
    counts = {f"c{n}": n for n in range(1, 31)}
    assert with_counts(counts) == "c30: 30, c29: 29, c28: 28, c27: 27, c26: 26, c25: 25, c24: 24, c23: 23 and 22 more"


def test_unbalanced_from_a_bound_on():
    text = unbalanced({"cat": 3, "dog": 3 * UNBALANCED}, "photos")
    assert text == "The classes are unbalanced: 10 times as many photos of 'dog' as of 'cat'"
    assert unbalanced({"cat": 3, "dog": 3 * UNBALANCED - 1}, "photos") == ""
    assert unbalanced({"cat": 3}, "photos") == unbalanced({}, "photos") == ""


def test_few_of_a_class():
    assert few({"cat": FEW, "dog": FEW - 1}, "rows") == "Few rows of a class: dog: 19"
    assert few({"cat": FEW}, "rows") == ""


@pytest.mark.parametrize("say", [unbalanced, few])
def test_names_are_printable(say):
    assert "a\\nb" in say({"a\nb": 1, "c": 1000}, "rows")
