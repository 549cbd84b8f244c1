import numpy as np
import pytest
from sklearn.metrics import accuracy_score, log_loss, roc_auc_score

from components.evaluator import metric_names
from components.outcome import GUESSING, LOGISTIC, TREES, Yardstick
from components.yardstick.fitting import MOST_CLASSES, measure, scores
from components.yardstick.vectors import Codes, Vectors

CODES = Codes(features=(1,), raw=(1,))


def made(count, seed, classes):
    """A number on which the class hangs in a straight line, and a category whose every second code turns it around."""
    rng = np.random.default_rng(seed)
    number, code = rng.normal(size=count), rng.integers(2, 8, count)
    signal = number + np.where(code % 2, 2, 0) + rng.normal(size=count) / 4
    ids = np.digitize(signal, np.quantile(signal, np.arange(1, classes) / classes))
    features = np.stack([number, code], axis=1).astype(np.float32)
    raw = features.copy()
    raw[rng.random(count) < 0.1, 0] = np.nan
    return Vectors(features, raw, ids)


@pytest.mark.parametrize("classes", [2, 3])
def test_simple_models_are_fitted_and_measured(classes):
    train, test = made(2000, 0, classes), made(500, 1, classes)
    found = measure(train, test, classes, CODES, seed=0)
    assert list(found) == [GUESSING, LOGISTIC, TREES]
    assert found[LOGISTIC].accuracy > 0.85
    assert found[TREES].accuracy > 0.75
    assert found[GUESSING].accuracy == pytest.approx(1 / classes, abs=0.1)
    assert found[GUESSING].crossentropy == pytest.approx(np.log(classes), abs=0.02)
    without = measure(train, test, classes, Codes(), seed=0)
    assert without[LOGISTIC].accuracy < found[LOGISTIC].accuracy - 0.05
    area, none = ("auc", "auc_macro") if classes == 2 else ("auc_macro", "auc")
    assert getattr(found[GUESSING], area) == 0.5
    assert getattr(found[LOGISTIC], area) > 0.9
    assert getattr(found[LOGISTIC], none) is None


@pytest.mark.parametrize("weighted", [False, True])
def test_the_scores_are_scikit_learns(weighted):
    rng = np.random.default_rng(0)
    ids, second = rng.integers(0, 2, 200), rng.random(200)
    weights = rng.random(200).astype(np.float32) if weighted else None
    nothing = np.zeros([200, 1], np.float32)
    found = scores(Vectors(nothing, nothing, ids, weights), np.stack([1 - second, second], axis=1), 1.5)
    assert found.accuracy == pytest.approx(accuracy_score(ids, second > 0.5, sample_weight=weights))
    assert found.auc == pytest.approx(roc_auc_score(ids, second, sample_weight=weights))
    assert found.crossentropy == pytest.approx(log_loss(ids, second, sample_weight=weights), rel=1e-6)


@pytest.mark.parametrize("weighted", [False, True])
def test_the_area_of_more_classes_is_scikit_learns_macro_average(weighted):
    rng = np.random.default_rng(0)
    ids, probabilities = rng.integers(0, 4, 300), rng.dirichlet(np.ones(4), 300)
    weights = rng.random(300).astype(np.float32) if weighted else None
    nothing = np.zeros([300, 1], np.float32)
    binary = [roc_auc_score(ids == number, probabilities[:, number], sample_weight=weights) for number in range(4)]
    found = scores(Vectors(nothing, nothing, ids, weights), probabilities, 0)
    assert found.auc_macro == pytest.approx(np.mean(binary))
    if not weighted:
        expected = roc_auc_score(ids, probabilities, multi_class="ovr", average="macro")
        assert found.auc_macro == pytest.approx(expected)


def test_classes_without_a_test_row_that_counts_have_no_area():
    rng = np.random.default_rng(0)
    ids, probabilities = rng.integers(0, 4, 300), rng.dirichlet(np.ones(4), 300)
    nothing, counts = np.zeros([300, 1], np.float32), (ids < 3).astype(np.float32)
    few = Vectors(nothing[ids < 3], nothing[ids < 3], ids[ids < 3])
    expected = np.mean([roc_auc_score(few.labels == number, probabilities[ids < 3, number]) for number in range(3)])
    assert scores(few, probabilities[ids < 3], 0).auc_macro == pytest.approx(expected)
    assert scores(Vectors(nothing, nothing, ids, counts), probabilities, 0).auc_macro == pytest.approx(expected)
    assert scores(Vectors(nothing, nothing, np.ones(300, int)), probabilities, 0).auc_macro is None


def test_of_so_many_classes_the_area_is_measured_as_in_the_evaluator():
    assert MOST_CLASSES == metric_names.MOST_CLASSES
    nothing, ids = np.zeros([202, 1], np.float32), np.arange(202)
    for classes in (MOST_CLASSES, MOST_CLASSES + 1):
        one_hot = np.eye(classes)[ids % classes]
        found = scores(Vectors(nothing, nothing, ids % classes), one_hot, 0).auc_macro
        assert found == (1.0 if classes == MOST_CLASSES else None)


def test_rows_that_weigh_nothing_teach_nothing():
    train, test = made(1000, 0, 2), made(300, 1, 2)
    turned = Vectors(train.features, train.raw, 1 - train.labels)
    both = [np.concatenate(pair) for pair in ((train.features, turned.features), (train.raw, turned.raw))]
    weights = np.repeat(np.float32([1, 0]), len(train.labels))
    found = measure(Vectors(*both, np.concatenate([train.labels, turned.labels]), weights), test, 2, CODES, seed=0)
    assert found[TREES].accuracy > 0.75
    assert found[LOGISTIC].accuracy > 0.85


def test_a_test_split_of_one_class_has_no_auc():
    nothing = np.zeros([3, 1], np.float32)
    assert scores(Vectors(nothing, nothing, np.ones(3, int)), np.full([3, 2], 0.5), 0).auc is None


def test_a_class_that_the_sample_has_not_gets_no_probability():
    train, test = made(300, 0, 3), made(100, 1, 3)
    two = train.labels < 2
    part = Vectors(train.features[two], train.raw[two], train.labels[two])
    found = measure(part, test, 3, Codes(), seed=0)
    assert found[TREES].crossentropy > 5


def test_a_class_of_one_row_among_many():
    """Of more than 10,000 rows the library takes a part to validate on, with some of each class."""
    train, test = made(12_000, 0, 2), made(300, 1, 2)
    train.labels[0] = 2
    assert measure(train, test, 3, Codes(), seed=0)[TREES].accuracy > 0.75


def test_a_sample_of_one_class_alone_leaves_guessing():
    train, test = made(100, 0, 2), made(100, 1, 2)
    train.labels[:] = 1
    assert list(measure(train, test, 2, Codes(), seed=0)) == [GUESSING]


def test_more_codes_than_the_trees_take():
    rng = np.random.default_rng(0)
    codes = rng.permutation(np.arange(2, 1002)).astype(np.float32)
    rows = Vectors(np.zeros([1000, 1], np.float32), codes[:, np.newaxis], rng.integers(0, 2, 1000))
    assert measure(rows, rows, 2, Codes(raw=(0,)), seed=0)[TREES].accuracy > 0.4


def test_where_the_model_stands_is_said_in_words():
    train, test = made(400, 0, 2), made(100, 1, 2)
    models = measure(train, test, 2, Codes(), seed=0)
    yardstick = Yardstick(fitted_rows=400, training_rows=1000, test_rows=100, seed=0, models=models)
    first, second = yardstick.beside({"accuracy": 0.5, "auc": 0.25, "crossentropy": 1.0})
    assert first == (
        f"accuracy: this model 0.5000, trees {models[TREES].accuracy:.4f}, "
        f"logistic regression {models[LOGISTIC].accuracy:.4f}, guessing {models[GUESSING].accuracy:.4f} "
        "(as in training)"
    )
    assert second.startswith("AUC: this model 0.2500, trees 0.")
    assert yardstick.rows_in_words == "the same 100 test rows, fitted on 400 of 1,000 training rows"
    assert yardstick.beside({}) == []
