"""The graph answers as the library does, with holes and unseen categories."""

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor

from components.trainer.mlp.label_scale import Scaling
from components.trainer.mlp.trained import NumberModel
from components.trainer.trees import graph
from components.trainer.trees.columns import Columns
from components.trainer.trees.forest import Forest
from components.trainer.trees.graph import ForestModel
from components.trainer.trees.library import forest_of

KINDS = ("number", "few numbers", "category", "many categories")
# TensorFlow takes subnormal numbers for zero.
NUMBERS = st.floats(width=32, allow_nan=False, allow_subnormal=False)
VALUES = {
    "number": NUMBERS,
    "few numbers": st.sampled_from([-1.5, -0.0, 0.0, 1.0, float(np.float32(0.1))]),
    "category": st.integers(2, 6),
    "many categories": st.integers(2, 400),
}


@st.composite
def tables(draw, *, of_numbers=False):
    """(kinds of columns, training rows, their classes, or numbers, other rows)."""
    kinds = draw(st.lists(st.sampled_from(KINDS), min_size=1, max_size=4))
    count, others = draw(st.integers(4, 30)), draw(st.integers(1, 30))

    def column(kind, rows, *, trained):
        values = VALUES[kind]
        if trained and kind == "number":  # between two infinities there is no threshold
            values = st.floats(-(2.0**90), 2.0**90, width=32, allow_subnormal=False)
        return draw(arrays.arrays(np.float32, rows, elements=values | st.just(np.nan), fill=st.nothing()))

    train = np.stack([column(kind, count, trained=True) for kind in kinds], axis=1)
    other = np.stack([column(kind, others, trained=False) for kind in kinds], axis=1)
    # The library asks for a category only where it has ten rows.
    if of_numbers:
        labels = draw(arrays.arrays(np.float64, count, elements=st.floats(-3, 3)))
        return kinds, np.tile(train, (10, 1)), np.tile(labels, 10), other
    classes = draw(st.integers(2, 4))
    ids = draw(arrays.arrays(np.int64, count, elements=st.integers(0, classes - 1)))
    ids[:classes] = np.arange(classes)
    return kinds, np.tile(train, (10, 1)), np.tile(ids, 10), other


@settings(max_examples=60)
@given(table=tables(), leaves=st.integers(2, 8), iterations=st.integers(1, 4))
def test_the_served_scores_are_the_librarys(table, leaves, iterations):
    kinds, train, ids, other = table
    categorical = [at for at, kind in enumerate(kinds) if "categor" in kind]
    columns = Columns.of(train, categorical)
    library = HistGradientBoostingClassifier(
        max_iter=iterations,
        max_leaf_nodes=leaves,
        min_samples_leaf=1,
        learning_rate=0.7,
        early_stopping=False,
        categorical_features=columns.is_categorical,
    ).fit(columns.encoded(train), ids)
    model = ForestModel(forest_of(library, columns))
    for rows in (train, other):
        expected = library.predict_proba(columns.encoded(rows))
        found = model.scores(tf.constant(rows)).numpy()
        # The library's probability of the first of two classes is 1 - p, of which little is left where p is nearly 1.
        np.testing.assert_allclose(found, expected, rtol=1e-6, atol=1e-15)


SMALLEST = float(np.finfo(np.float32).tiny)


@pytest.mark.parametrize("values", [(-SMALLEST, 0.0), (0.0, SMALLEST), (-SMALLEST, SMALLEST)])
def test_a_threshold_that_tensorflow_would_take_for_zero(values):
    rows, ids = np.tile(np.float32(values)[:, np.newaxis], (20, 1)), np.tile([0, 1], 20)
    columns = Columns.of(rows, [])
    library = HistGradientBoostingClassifier(max_iter=1, min_samples_leaf=1, early_stopping=False)
    library.fit(columns.encoded(rows), ids)
    found = ForestModel(forest_of(library, columns)).scores(tf.constant(rows)).numpy()
    np.testing.assert_allclose(found, library.predict_proba(columns.encoded(rows)), rtol=1e-6)


@settings(max_examples=60)
@given(
    table=tables(of_numbers=True),
    leaves=st.integers(2, 8),
    iterations=st.integers(1, 4),
    scale=st.sampled_from(["standard", "log"]),
    mean=st.floats(-1e6, 1e6),
)
def test_the_served_number_is_the_librarys(table, leaves, iterations, scale, mean):
    kinds, train, learned, other = table
    categorical = [at for at, kind in enumerate(kinds) if "categor" in kind]
    columns = Columns.of(train, categorical)
    library = HistGradientBoostingRegressor(
        max_iter=iterations,
        max_leaf_nodes=leaves,
        min_samples_leaf=1,
        learning_rate=0.7,
        early_stopping=False,
        categorical_features=columns.is_categorical,
    ).fit(columns.encoded(train), learned)
    scaling = Scaling(scale, mean / 1e5 if scale == "log" else mean, 2.5, 0.0, 1.0, 0.5)
    model = NumberModel(ForestModel(forest_of(library, columns)), scaling)
    for rows in (train, other):
        expected = library.predict(columns.encoded(rows)) * scaling.deviation + scaling.mean
        if scale == "log":
            expected = np.exp(expected)
        np.testing.assert_allclose(model.numbers(tf.constant(rows)).numpy(), expected, rtol=1e-6, atol=1e-12)


@pytest.fixture
def forest(splits):
    train, _ = splits
    columns = Columns.of(train.rows, (1, 3))
    library = HistGradientBoostingClassifier(max_iter=9, categorical_features=columns.is_categorical, random_state=1)
    return forest_of(library.fit(columns.encoded(train.rows), train.labels), columns)


def test_some_categories_are_asked_for_as_sets(forest):
    assert len(forest.sets) > 5
    assert set(forest.set_column) == {1, 3}


def test_rows_walk_in_parts(forest, splits, monkeypatch):
    rows = splits[1].rows
    expected = ForestModel(forest).scores(tf.constant(rows)).numpy()
    monkeypatch.setattr(graph, "WALKED", 70 * max(forest.trees, 8 + len(forest.sets)))
    np.testing.assert_array_equal(ForestModel(forest).scores(tf.constant(rows)).numpy(), expected)


def test_no_rows(forest):
    classes = max(2, forest.outputs)
    assert ForestModel(forest).scores(tf.zeros([0, 4])).shape == (0, classes)


def test_the_trees_can_be_made_anew_from_their_arrays(forest, splits):
    rows = tf.constant(splits[1].rows)
    again = ForestModel(Forest.of_arrays(ForestModel(forest).arrays()))
    np.testing.assert_array_equal(again.scores(rows).numpy(), ForestModel(forest).scores(rows).numpy())


def test_a_saved_model_has_no_operation_of_its_own_and_the_trees_once(forest, tmp_path):
    model = ForestModel(forest)
    signature = [tf.TensorSpec([None, 4], tf.float32)]
    functions = {name: tf.function(lambda rows: {"scores": model.scores(rows)}, signature) for name in ("a", "b")}
    tf.saved_model.save(model, str(tmp_path), signatures=functions)
    held = sum(array.nbytes for array in forest.arrays())
    stored = sum(file.stat().st_size for file in (tmp_path / "variables").iterdir())
    assert held < stored < 1.2 * held + 10_000
    loaded = tf.saved_model.load(str(tmp_path))
    rows = tf.zeros([3, 4])
    np.testing.assert_array_equal(loaded.signatures["b"](rows)["scores"], model.scores(rows))
