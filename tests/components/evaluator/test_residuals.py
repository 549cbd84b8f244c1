import math

import numpy as np
import pytest
from sklearn import metrics

from components.errors import TransferlineError
from components.evaluator.residuals import ABSOLUTE, SIGNED, SQUARED, moments_of, quantile, residuals
from components.evaluator.statistics import COUNT, added

CHANCE = np.random.default_rng(0)


def sums(labels, answers, center=0.0, weights=None):
    found = residuals(np.asarray(labels, np.float64), np.asarray(answers, np.float64), center, weights)
    return found.of(np.arange(len(labels)))


def some(count, center=0.0, noise=1.0, chance=CHANCE):
    labels = center + chance.gamma(2.0, 1.5, count)
    return labels, labels + chance.normal(0.2, noise, count)


@pytest.mark.parametrize("weighted", [False, True])
def test_they_are_those_of_scikit_learn(weighted):
    labels, answers = some(501, 40)
    weights = CHANCE.random(501) * 3 if weighted else None
    statistics = sums(labels, answers, 41, weights)
    moments = moments_of(statistics)
    told = {"sample_weight": weights}
    assert moments.mean(SQUARED) == pytest.approx(metrics.mean_squared_error(labels, answers, **told))
    assert moments.rmse == pytest.approx(math.sqrt(metrics.mean_squared_error(labels, answers, **told)))
    assert moments.mean(ABSOLUTE) == pytest.approx(metrics.mean_absolute_error(labels, answers, **told))
    assert moments.r2 == pytest.approx(metrics.r2_score(labels, answers, **told))
    assert moments.mean(SIGNED) == pytest.approx(np.average(answers - labels, weights=weights))
    assert moments.label_variance == pytest.approx(
        np.average((labels - np.average(labels, weights=weights)) ** 2, weights=weights)
    )
    assert statistics.totals.get(COUNT) == (501 if weighted else None)


@pytest.mark.parametrize("count", [1, 2, 9, 10, 200])
@pytest.mark.parametrize("share", [0.5, 0.9])
def test_quantiles_are_the_very_errors_where_these_are_few(count, share):
    labels, answers = some(count)
    expected = np.quantile(np.abs(answers - labels), share, method="averaged_inverted_cdf")
    assert quantile(sums(labels, answers), share) == pytest.approx(expected, rel=1e-3)


def test_quantiles_of_many_errors_are_off_by_no_more_than_a_cell():
    labels, answers = some(100_000)
    for share in (0.5, 0.9):
        expected = np.quantile(np.abs(answers - labels), share)
        assert quantile(sums(labels, answers), share) == pytest.approx(expected, rel=1 / 2048)


def test_an_example_of_weight_2_is_two_examples():
    labels, answers = some(40)
    weights = CHANCE.integers(0, 3, 40)
    once, weighted = (np.repeat(each, weights) for each in (labels, answers)), sums(labels, answers, 0, weights * 1.0)
    repeated = sums(*once)
    assert quantile(weighted, 0.5) == pytest.approx(quantile(repeated, 0.5))
    assert moments_of(weighted).r2 == pytest.approx(moments_of(repeated).r2)


def test_parts_add_up_to_the_whole():
    labels, answers = some(1000)
    whole = residuals(labels, answers, 2.0)
    parts = added([whole.of(part) for part in np.split(np.arange(1000), [1, 300, 300, 999])])
    of_all = whole.of(np.arange(1000))
    np.testing.assert_allclose(moments_of(parts).sums, moments_of(of_all).sums)
    assert quantile(parts, 0.9) == pytest.approx(quantile(of_all, 0.9))


def covered(metric, truth, trials=400, examples=300):
    inside, chance = 0, np.random.default_rng(1)
    for _ in range(trials):
        found = moments_of(sums(*some(examples, chance=chance), 3.0)).estimate(metric)
        inside += found.low <= truth <= found.high
    return inside / trials


@pytest.mark.parametrize(
    ("metric", "truth"),
    # Of labels of a gamma distribution with variance 4.5 and errors of a normal one, of mean 0.2 and deviation 1.
    [("mse", 1.04), ("rmse", math.sqrt(1.04)), ("mean_error", 0.2), ("mae", 0.81374), ("r2", 1 - 1.04 / 4.5)],
)
def test_intervals_hold_the_truth_in_19_of_20_cases(metric, truth):
    assert 0.92 <= covered(metric, truth) <= 0.98


def test_the_gain_over_the_mean_is_told_row_by_row():
    labels, answers = some(200, 1e4)
    moments = moments_of(sums(labels, answers, 1e4))
    gains = (labels - labels.mean()) ** 2 - (answers - labels) ** 2
    reach = 1.959964 * gains.std(ddof=1) / math.sqrt(200)
    assert tuple(moments.gain()) == pytest.approx((gains.mean(), gains.mean() - reach, gains.mean() + reach))


def test_little_is_lost_where_labels_are_large_and_near_to_each_other():
    labels, answers = some(500, 2.0**24)
    found = moments_of(sums(labels, answers, 2.0**24 + 3))
    assert found.r2 == pytest.approx(metrics.r2_score(labels - 2.0**24, answers - 2.0**24), rel=1e-6)


def test_labels_that_are_all_the_same_have_no_r2():
    moments = moments_of(sums([0.1] * 30, np.linspace(0, 1, 30), 7.0))
    assert math.isnan(moments.r2)
    assert moments.estimate("r2") is None
    assert moments.estimate("rmse").low is not None
    assert moments.estimate("median_absolute_error") is None


@pytest.mark.parametrize("metric", ["mse", "rmse", "mae"])
def test_no_error_is_smaller_than_none(metric):
    answers = np.array([0.0, 0.0, 9.0])
    found = moments_of(residuals(np.zeros(3), answers, 0.0).of(np.arange(3))).estimate(metric)
    assert found.low == 0 < found.value < found.high


@pytest.mark.parametrize("far", [1e5, 1e7, 1e9])
def test_what_rounding_leaves_is_no_interval(far):
    labels = np.random.default_rng(1).normal(100, 30, 500)
    answers = np.random.default_rng(2).normal(100, 30, 500)
    gain = moments_of(sums(labels, answers, far)).gain()
    assert gain.low is None or gain.low < 0
    near = moments_of(sums(labels, answers, 100)).gain()
    assert near.low < near.value < near.high < 0


def test_one_example_has_no_interval():
    moments = moments_of(sums([1.0], [3.0]))
    assert tuple(moments.estimate("rmse")) == (2.0, None, None)
    assert tuple(moments.gain()) == (-4.0, None, None)


def test_what_weighs_nothing_has_no_value():
    statistics = sums([1.0, 2.0], [3.0, 4.0], 0.0, np.zeros(2))
    assert math.isnan(moments_of(statistics).rmse)
    assert math.isnan(quantile(statistics, 0.5))


@pytest.mark.parametrize(("label", "answer"), [(math.nan, 1.0), (1.0, math.inf)])
def test_what_is_no_finite_number_is_refused(label, answer):
    with pytest.raises(TransferlineError, match=r"no finite number.* at least 1 examples"):
        sums([1.0, label], [1.0, answer])
