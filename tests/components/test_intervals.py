import math
from statistics import NormalDist

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from components.intervals import auc_interval, effective_examples, mean_share_interval, share_interval


def test_wilsons_interval_of_the_textbook():
    # 81 of 263: 0.255 to 0.366 (R. G. Newcombe, Statistics in Medicine 17, 1998, table I).
    assert share_interval(81 / 263, 263) == pytest.approx((0.2553, 0.3662), abs=1e-4)


def test_a_share_of_one_has_an_interval_that_widens_as_examples_get_fewer():
    (many, one), (few, _) = share_interval(1.0, 100), share_interval(1.0, 5)
    assert (one, few < many) == (pytest.approx(1.0), True)


def test_examples_that_weigh_differently_tell_less():
    assert effective_examples(100 * 3.0, 100 * 9.0) == 100
    assert effective_examples(4.0, 10.0) == 1.6  # 3 and 1
    assert effective_examples(0.0, 0.0) == 0


def test_of_nothing_there_is_no_interval():
    assert share_interval(0.0, 0) is None
    assert auc_interval(0.0, 10, 0) is None


def test_hanley_and_mcneils_interval_of_their_example():
    # Their example: area 0.893, 51 abnormal and 58 normal images, standard error 0.032.
    low, high = auc_interval(0.893, 51, 58)
    assert (high - low) / 2 / 1.96 == pytest.approx(0.032, abs=0.001)


@pytest.mark.parametrize("examples", [(194, 6), (6, 194), (100, 100)])
def test_the_interval_of_an_area_holds_the_truth_whichever_class_is_rare(examples):
    rng = np.random.default_rng(0)
    positives, negatives = examples
    truth = NormalDist().cdf(1.8 / math.sqrt(2))
    held = 0
    for _ in range(500):
        scores = np.concatenate([rng.normal(1.8, 1, positives), rng.normal(0, 1, negatives)])
        area = roc_auc_score([1] * positives + [0] * negatives, scores)
        low, high = auc_interval(area, positives, negatives)
        held += low <= truth <= high
    assert held / 500 > 0.9


def test_a_perfect_curve_has_an_interval_within_its_range():
    low, high = auc_interval(1.0, 20, 20)
    assert 0.9 < low < high == 1.0


def test_the_interval_of_a_mean_of_shares_holds_the_truth_as_often_as_it_says():
    rng = np.random.default_rng(0)
    truth, examples = (0.9, 0.3, 0.6), (200, 15, 60)
    held = 0
    for _ in range(2000):
        shares = [(rng.binomial(count, share) / count, count) for share, count in zip(truth, examples, strict=True)]
        low, high = mean_share_interval(shares)
        held += low <= sum(truth) / 3 <= high
    assert held / 2000 == pytest.approx(0.95, abs=0.015)


def test_the_mean_of_one_share_has_its_own_interval_and_of_nothing_there_is_none():
    assert mean_share_interval([(0.8, 50)]) == pytest.approx(share_interval(0.8, 50))
    assert mean_share_interval([(0.8, 50), (0.0, 0)]) is None
    assert mean_share_interval([]) is None
