import numpy as np
import pytest
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.metrics import accuracy_score, log_loss

from components.errors import TransferlineError
from components.trainer.trees import growing
from components.trainer.trees.columns import Columns
from components.trainer.trees.config import Trees
from components.trainer.trees.growing import LabelledRows, grow
from components.trainer.trees.library import forest_of

CATEGORICAL = (1, 3)
SETTINGS = Trees(iterations=60, patience=8)


@pytest.fixture
def grown(splits):
    return grow(*splits, CATEGORICAL, SETTINGS, 0, lambda iterations, lowest: None)


def probabilities(forest, rows):
    logits = forest.baseline + forest.sums(rows)
    if forest.outputs == 1:
        logits = np.concatenate([np.zeros_like(logits), logits], axis=1)
    return np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)


def test_growing_ends_when_the_validation_split_gets_no_better(splits, grown):
    _, validation = splits
    losses = grown.metrics["val_loss"]
    assert grown.best == int(np.argmin(losses)) + 1
    assert len(losses) == grown.best + SETTINGS.patience < SETTINGS.iterations
    assert grown.forest.roots.shape == (grown.best, grown.forest.outputs)
    found = probabilities(grown.forest, validation.rows)
    assert losses[grown.best - 1] == pytest.approx(log_loss(validation.labels, found))
    accuracy = accuracy_score(validation.labels, found.argmax(axis=1))
    assert grown.metrics["val_accuracy"][grown.best - 1] == pytest.approx(accuracy)
    assert accuracy > 1.3 * np.bincount(validation.labels).max() / len(validation.labels)


def test_the_training_loss_is_that_of_the_training_rows(splits, grown):
    train, _ = splits
    found = probabilities(grown.forest, train.rows)
    assert grown.metrics["loss"][grown.best - 1] == pytest.approx(log_loss(train.labels, found))
    assert {len(values) for values in grown.metrics.values()} == {len(grown.metrics["loss"])}


def test_before_the_first_tree_the_classes_are_as_likely_as_they_are_frequent(splits, grown):
    train, validation = splits
    shares = np.bincount(train.labels) / len(train.labels)
    for prefix, split in (("", train), ("val_", validation)):
        expected = log_loss(split.labels, np.tile(shares, (len(split.labels), 1)))
        assert grown.initial[f"{prefix}loss"] == pytest.approx(expected)
        assert grown.initial[f"{prefix}accuracy"] == pytest.approx((split.labels == shares.argmax()).mean())


def test_leaves_are_counted(grown):
    leaves = [int(root) for root in grown.forest.roots.ravel()]
    found = 0
    while leaves:
        node = leaves.pop()
        children = {int(child) for child in grown.forest.children[2 * node : 2 * node + 2]}
        found += children == {node}
        leaves += children - {node}
    assert grown.forest.leaves == found > grown.forest.trees


def test_it_grows_what_the_library_grows_by_itself(splits, grown):
    """Being watched changes nothing but when it stops."""
    train, validation = splits
    columns = Columns.of(train.rows, CATEGORICAL)
    alone = HistGradientBoostingClassifier(
        max_iter=grown.best, categorical_features=columns.is_categorical, early_stopping=False, random_state=0
    ).fit(columns.encoded(train.rows), train.labels)
    expected = alone.predict_proba(columns.encoded(validation.rows))
    np.testing.assert_allclose(probabilities(grown.forest, validation.rows), expected, rtol=1e-9)


def test_the_same_seed_grows_the_same(splits, grown):
    again = grow(*splits, CATEGORICAL, SETTINGS, 0, lambda iterations, lowest: None)
    for first, second in zip(grown.forest.arrays(), again.forest.arrays(), strict=True):
        np.testing.assert_allclose(first, second, rtol=1e-12)


def test_how_far_it_is_is_told(splits):
    told = []
    grown = grow(*splits, CATEGORICAL, Trees(iterations=5), 0, lambda *state: told.append(state))
    assert [iterations for iterations, _ in told] == [1, 2, 3, 4, 5]
    assert [lowest for _, lowest in told] == list(np.minimum.accumulate(grown.metrics["val_loss"]))


def test_more_training_rows_than_are_watched(splits, monkeypatch):
    monkeypatch.setattr(growing, "WATCHED_ROWS", 100)
    grown = grow(*splits, CATEGORICAL, Trees(iterations=3), 0, lambda iterations, lowest: None)
    assert len(grown.metrics["loss"]) == 3


def test_trees_that_were_misread_are_refused(splits, monkeypatch):
    """As if a release of the library kept its trees otherwise."""

    def misread(*arguments):
        forest = forest_of(*arguments)
        forest.threshold[:] += np.float32(0.3)
        return forest

    monkeypatch.setattr(growing, "forest_of", misread)
    with pytest.raises(TransferlineError, match="don't answer as scikit-learn's do"):
        grow(*splits, CATEGORICAL, Trees(iterations=5), 0, lambda iterations, lowest: None)


def test_columns_that_tell_nothing(splits):
    """All missing, constant, a category of one value, a category without any."""
    train, validation = (
        LabelledRows(
            np.concatenate([split.rows, np.tile(np.float32([np.nan, 7, 5, np.nan]), (len(split.labels), 1))], axis=1),
            split.labels,
        )
        for split in splits
    )
    grown = grow(train, validation, (*CATEGORICAL, 6, 7), SETTINGS, 0, lambda iterations, lowest: None)
    plain = grow(*splits, CATEGORICAL, SETTINGS, 0, lambda iterations, lowest: None)
    assert grown.metrics["val_loss"] == pytest.approx(plain.metrics["val_loss"])


def test_rows_that_weigh_nothing_count_for_nothing(splits):
    """Neither in growing nor in when it stops."""
    train, validation = (
        LabelledRows(
            np.concatenate([split.rows, split.rows]),
            np.concatenate([split.labels, split.labels.max() - split.labels]),
            np.repeat([1.0, 0.0], len(split.labels)),
        )
        for split in splits
    )
    weighted = grow(train, validation, CATEGORICAL, SETTINGS, 0, lambda iterations, lowest: None)
    plain = grow(*splits, CATEGORICAL, SETTINGS, 0, lambda iterations, lowest: None)
    # Not the same: how many rows a leaf has is counted, whatever they weigh.
    assert min(weighted.metrics["val_loss"]) == pytest.approx(min(plain.metrics["val_loss"]), rel=0.1)


def test_a_class_of_one_row_among_many():
    """Of more than 10,000 rows the library draws some to watch, of each class as many as it has."""
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(12_000, 2)).astype(np.float32)
    ids = (rows[:, 0] > 0).astype(np.int64)
    validation = LabelledRows(rows[:300], ids[:300].copy())
    ids[500] = 2
    grown = grow(LabelledRows(rows, ids), validation, (), Trees(iterations=5), 0, lambda iterations, lowest: None)
    assert grown.forest.outputs == 3
    assert grown.metrics["val_accuracy"][-1] > 0.95


@pytest.mark.parametrize("weighted", [False, True])
def test_trees_of_a_number_are_the_librarys_and_end_where_they_validate_best(number_splits, weighted):
    train, validation = number_splits
    if weighted:
        chance = np.random.default_rng(0)
        train, validation = (
            LabelledRows(split.rows, split.labels, chance.random(len(split.labels))) for split in number_splits
        )
    grown = grow(train, validation, CATEGORICAL, SETTINGS, 0, lambda iterations, lowest: None)
    columns = Columns.of(train.rows, CATEGORICAL)
    alone = HistGradientBoostingRegressor(
        max_iter=grown.best, categorical_features=columns.is_categorical, early_stopping=False, random_state=0
    ).fit(columns.encoded(train.rows), train.labels, train.weights)
    for split, prefix in ((train, ""), (validation, "val_")):
        found = (grown.forest.baseline + grown.forest.sums(split.rows))[:, 0]
        np.testing.assert_allclose(found, alone.predict(columns.encoded(split.rows)), rtol=1e-9)
        errors = found - split.labels
        assert grown.metrics[f"{prefix}loss"][grown.best - 1] == pytest.approx(
            np.average(errors**2, weights=split.weights)
        )
        assert grown.metrics[f"{prefix}mae"][grown.best - 1] == pytest.approx(np.abs(errors).mean())
    losses = grown.metrics["val_loss"]
    assert grown.best == int(np.argmin(losses)) + 1
    assert len(losses) == grown.best + SETTINGS.patience < SETTINGS.iterations
    assert losses[grown.best - 1] < np.var(validation.labels) / 2
