import math

import numpy as np
import pytest
import tensorflow_model_analysis as tfma
from sklearn.metrics import balanced_accuracy_score, matthews_corrcoef, precision_recall_fscore_support
from tensorflow_model_analysis.metrics.calibration_histogram import Bucket

from components.evaluator.class_metrics import BUCKETS, Counts, area

CHANCE = np.random.default_rng(0)
ALL = slice(None)


def counted(labels, predicted, classes, weights=None):
    weights = np.ones(len(labels)) if weights is None else weights
    matrix = np.zeros([classes, classes])
    np.add.at(matrix, (labels, predicted), weights)
    return Counts(matrix.sum(axis=1), matrix.sum(axis=0), matrix.diagonal())


@pytest.mark.parametrize("weighted", [False, True])
def test_they_are_those_of_scikit_learn(weighted):
    labels, predicted = CHANCE.integers(4, size=[2, 500])
    predicted = np.where(CHANCE.random(500) < 0.6, labels, predicted)
    weights = CHANCE.random(500) * 3 if weighted else None
    counts = counted(labels, predicted, 4, weights)
    by_class = precision_recall_fscore_support(labels, predicted, sample_weight=weights)[:3]
    for rate, expected in zip(("precision", "recall", "f1"), by_class, strict=True):
        np.testing.assert_allclose(counts.rates(rate), expected)
        for average, is_weighted in ("macro", False), ("weighted", True):
            at = ("precision", "recall", "f1").index(rate)
            averages = precision_recall_fscore_support(labels, predicted, average=average, sample_weight=weights)
            assert counts.average(rate, weighted=is_weighted) == pytest.approx(averages[at])
    balanced = balanced_accuracy_score(labels, predicted, sample_weight=weights)
    assert counts.average("recall", weighted=False) == pytest.approx(balanced)
    assert counts.correlation() == pytest.approx(matthews_corrcoef(labels, predicted, sample_weight=weights))


def test_a_class_without_examples_has_no_rates_and_is_in_no_average():
    counts = counted(np.array([0, 0, 1, 1]), np.array([0, 2, 1, 1]), 4)
    np.testing.assert_array_equal(counts.rates("precision"), [1, 1, math.nan, math.nan])
    np.testing.assert_array_equal(counts.rates("recall"), [0.5, 1, math.nan, math.nan])
    np.testing.assert_array_equal(counts.rates("f1"), [2 / 3, 1, math.nan, math.nan])
    assert counts.average("recall", weighted=False) == 0.75


def test_the_precision_of_a_class_that_is_never_predicted_is_undefined_and_so_is_its_mean():
    counts = counted(np.array([0, 0, 1]), np.array([0, 0, 0]), 2)
    np.testing.assert_array_equal(counts.rates("precision"), [2 / 3, math.nan])
    assert math.isnan(counts.average("precision", weighted=False))
    assert counts.average("f1", weighted=False) == pytest.approx(0.4)  # found none: its F1 is 0


def test_one_class_alone_correlates_with_nothing():
    assert math.isnan(counted(np.array([1, 1, 1]), np.array([0, 1, 2]), 3).correlation())
    assert math.isnan(counted(np.array([0, 1, 2]), np.array([1, 1, 1]), 3).correlation())


def test_what_is_predicted_as_no_class_isnt_right():
    nowhere_predicted = Counts(np.array([2.0, 2.0]), np.array([1.0, 2.0]), np.array([1.0, 2.0]))
    assert nowhere_predicted.correlation() == pytest.approx(matthews_corrcoef([0, 0, 1, 1], [0, 2, 1, 1]))


@pytest.mark.parametrize("spread", [0.02, 0.3, 3.0])
def test_an_area_is_tfmas(spread):
    labels = CHANCE.integers(2, size=3000)
    scores = np.clip(CHANCE.normal(0.4 + 0.2 * labels, spread), -0.01, 1.01)  # ends and beyond them, too
    buckets = np.clip(scores * BUCKETS + 1, 0, BUCKETS + 1).astype(int)
    found, at = np.unique(buckets, return_inverse=True)
    weights = CHANCE.random(3000)
    of_class, of_all = np.bincount(at, labels * weights), np.bincount(at, weights)
    assert area(of_class, of_all, found) == pytest.approx(by_tfma(of_class, of_all, found), abs=1e-9)


def by_tfma(labels, examples, buckets):
    (histogram, *_), *derived = [
        (each.keys[0], each) for each in tfma.metrics.AUC(name="auc").computations(model_names=[""])
    ]
    rows = zip(buckets.tolist(), labels.tolist(), examples.tolist(), strict=True)
    metrics = {histogram: [Bucket(number, ones, 0.0, every) for number, ones, every in rows]}
    for _, each in derived:
        metrics |= each.result(metrics)
    return metrics[derived[-1][0]]
