import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn import metrics

from components.errors import TransferlineError
from components.operating_point import AtPrecision, AtRecall, LeastCost, Maximize, choose_cut

PROBABILITIES = np.array([0.1, 0.2, 0.3, 0.4, 0.6, 0.7, 0.8, 0.9], np.float32)
IS_SECOND = np.array([0, 0, 1, 0, 1, 0, 1, 1], bool)


def answers(cut, probabilities=PROBABILITIES):
    return np.asarray(probabilities, np.float32) > np.float32(cut)


@st.composite
def validation_splits(draw):
    size = draw(st.integers(2, 40))
    levels = draw(st.lists(st.floats(0, 1, width=32), min_size=size, max_size=size))
    labels = draw(st.lists(st.booleans(), min_size=size, max_size=size).filter(lambda each: 0 < sum(each) < size))
    return np.array(levels, np.float32), np.array(labels)


def every_cut(probabilities):
    """A cut below, between and above all probabilities."""
    return [-1.0, *np.unique(probabilities)]


METRICS = {
    "accuracy": metrics.accuracy_score,
    "balanced_accuracy": metrics.balanced_accuracy_score,
    "f1": lambda labels, predicted: metrics.f1_score(labels, predicted, zero_division=0.0),
}


@pytest.mark.parametrize("metric", METRICS)
@given(split=validation_splits())
def test_no_cut_has_a_higher_metric(metric, split):
    probabilities, labels = split

    cut = choose_cut(Maximize(metric=metric), probabilities, labels)

    best = max(METRICS[metric](labels, probabilities > each) for each in every_cut(probabilities))
    assert METRICS[metric](labels, answers(cut, probabilities)) == pytest.approx(best)


@given(split=validation_splits(), recall=st.floats(0.01, 1))
def test_of_cuts_that_find_enough_the_one_with_the_fewest_false_alarms_is_taken(split, recall):
    probabilities, labels = split

    predicted = answers(choose_cut(AtRecall(recall=recall), probabilities, labels), probabilities)

    enough = [
        probabilities > each
        for each in every_cut(probabilities)
        if metrics.recall_score(labels, probabilities > each) >= recall
    ]
    assert metrics.recall_score(labels, predicted) >= recall
    assert (predicted & ~labels).sum() == min((each & ~labels).sum() for each in enough)


@given(split=validation_splits(), cost=st.floats(0.1, 10))
def test_no_cut_costs_less(split, cost):
    probabilities, labels = split

    def cost_of(predicted):
        return cost * (predicted & ~labels).sum() + (~predicted & labels).sum()

    cut = choose_cut(LeastCost(false_positive=cost), probabilities, labels)

    assert cost_of(answers(cut, probabilities)) == pytest.approx(
        min(cost_of(probabilities > each) for each in every_cut(probabilities))
    )


def test_of_cuts_that_are_precise_enough_the_one_that_finds_most_is_taken():
    cut = choose_cut(AtPrecision(precision=0.75), PROBABILITIES, IS_SECOND)

    assert answers(cut).tolist() == [False] * 4 + [True] * 4
    assert cut == pytest.approx(0.5)


def test_a_precision_that_no_cut_has_is_an_error_that_says_which_one_could_be_had():
    with pytest.raises(TransferlineError, match=r"precision of 0.9 .* the highest: 0\.5000") as error:
        choose_cut(AtPrecision(precision=0.9), [0.9, 0.8], [False, True])

    assert error.value.place == "trainer.operating_point.precision"


@pytest.mark.parametrize("label", [True, False])
def test_one_class_alone_is_an_error(label):
    with pytest.raises(TransferlineError, match="one class only"):
        choose_cut(Maximize(), [0.1, 0.9], [label, label])


def test_weights_count():
    wanted = Maximize(metric="accuracy")

    assert answers(choose_cut(wanted, [0.4, 0.6], [True, False], [1, 10]), [0.4, 0.6]).tolist() == [False, False]
    assert answers(choose_cut(wanted, [0.4, 0.6], [True, False], [10, 1]), [0.4, 0.6]).tolist() == [True, True]


def test_of_equally_good_cuts_the_one_nearest_to_one_half_is_taken():
    assert choose_cut(Maximize(metric="accuracy"), [0.1, 0.5, 0.6, 0.95], [False, True, False, True]) == pytest.approx(
        0.55, abs=0.3
    )


def test_a_cut_parts_probabilities_that_float32_hardly_tells_apart():
    below = np.float32(0.7)
    above = np.nextafter(below, np.float32(1))

    cut = choose_cut(Maximize(metric="accuracy"), [below, above], [False, True])

    assert answers(cut, [below, above]).tolist() == [False, True]
