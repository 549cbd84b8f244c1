import pytest

from components.evaluator.guessing import guessing_check


def held(confusion):
    return guessing_check(confusion, sum(map(sum, confusion)), "all examples")


def test_titanic_as_it_was_blessed_is_not_distinguishable_from_guessing():
    # 226 test rows, of which 151 (0.668) are of one class; 163 (0.721) were right, 95 % interval 0.660 to 0.776.
    check = held([[139, 12], [51, 24]])
    assert (check.metric, check.kind, check.passed) == ("accuracy", "better_than_guessing", False)
    assert (check.value, check.bound) == pytest.approx((163 / 226, 151 / 226))
    assert (check.low, check.high) == pytest.approx((0.660, 0.776), abs=1e-3)
    assert check.guessing == (
        "The model is not distinguishable from guessing: its accuracy is 0.7212 (95 % interval 0.6595 to 0.7756), and "
        "always predicting the most frequent class reaches 0.6681"
    )


def test_a_model_may_be_worse_than_guessing():
    assert held([[10, 140], [120, 30]]).guessing.startswith(
        "The model is worse than guessing: its accuracy is 0.1333 ("
    )


def test_the_same_accuracy_of_ten_times_as_many_examples_is():
    check = held([[1390, 120], [510, 240]])
    assert check.passed
    assert check.guessing.startswith("The model is better than guessing: its accuracy is 0.7212")


def test_where_nearly_all_is_of_one_class_the_mean_recall_counts():
    # 12 % denials, of which 1 of 30 was found.
    check = held([[222, 1], [29, 1]])
    assert (check.metric, check.bound, check.passed) == ("balanced_accuracy", 0.5, False)
    assert check.value == pytest.approx((222 / 223 + 1 / 30) / 2)
    assert held([[150, 73], [6, 24]]).passed  # less often right than guessing, and useful all the same


def test_of_many_classes_guessing_is_the_most_frequent_one():
    assert held([[30, 2, 2], [3, 20, 2], [2, 3, 20]]).bound == pytest.approx(34 / 84)
    assert held([[30, 2, 2], [3, 20, 2], [2, 3, 20]]).passed
    assert not held([[34, 0, 0], [25, 0, 0], [25, 0, 0]]).passed


def test_a_test_of_one_class_says_nothing():
    assert not held([[50, 0], [0, 0]]).passed
    assert not held([[0, 0, 0], [0, 50, 0], [0, 0, 0]]).passed


def test_a_model_that_gives_up_accuracy_for_recall_is_held_by_its_recalls():
    # Of 30 % positives it finds nine of ten, and is right less often than guessing, which finds none.
    found = [[1750, 1050], [120, 1080]]
    assert not held(found).passed
    check = guessing_check(found, 4000, "all examples", by_recall=True)
    assert (check.metric, check.bound, check.passed) == ("balanced_accuracy", 0.5, True)
    assert not guessing_check([[1400, 1400], [600, 600]], 4000, "all examples", by_recall=True).passed


def test_weights_change_the_shares_and_not_how_many_examples_there_are():
    weighted = guessing_check([[1390, 120], [510, 240]], 226, "all examples")
    assert weighted.model_dump() == pytest.approx(held([[139, 12], [51, 24]]).model_dump())
    assert not weighted.passed
