import pytest

from components.intervals import auc_interval, mean_share_interval, share_interval
from pipeline.profile.classes import (
    FEW,
    UNBALANCED,
    accuracy_at_least,
    auc_at_least,
    balanced_accuracy_at_least,
    few,
    is_mostly_one,
    unbalanced,
    with_counts,
)


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


@pytest.mark.parametrize("test", [20, 73, 226, 5000])
def test_an_accuracy_to_ask_for_is_the_least_whose_interval_lies_above_guessing(test):
    bound = accuracy_at_least({"no": 151, "yes": 75}, 0.0, test)
    assert share_interval(bound, test)[0] > 151 / 226
    assert share_interval(bound - 0.02, test)[0] <= 151 / 226


def test_of_a_large_test_more_than_a_bit_above_guessing_is_asked():
    assert accuracy_at_least({"a": 500, "b": 500}, 0.1, 10**6) == 0.55
    assert accuracy_at_least({"a": 500, "b": 500}, 0.1, 10) == 0.86  # 9 of 10


def test_a_test_that_is_too_small_to_tell_asks_for_all():
    assert accuracy_at_least({"a": 9, "b": 1}, 0.1, 10) == 1.0


def test_bounds_on_the_mean_recall_and_the_area_lie_above_chance_too():
    counts = {"no": 881, "yes": 119}
    assert is_mostly_one(counts)
    bound = balanced_accuracy_at_least(counts, 253)
    assert mean_share_interval([(bound, 253 * 0.881), (bound, 253 * 0.119)])[0] > 0.5
    assert bound < 0.7
    area = auc_at_least(counts, 0.6, 253)
    assert auc_interval(area, 30.1, 222.9)[0] > 0.5
    assert auc_at_least(counts, 0.6, 10**6) == 0.6
