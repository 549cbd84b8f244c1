"""Each kind of feature, in the graph that TFT makes, beside what numpy and pandas make of the same column."""

import mixed_rows
import numpy as np
import pandas as pd
import pytest
import tensorflow as tf
import tensorflow_transform as tft

from components.contract import FEATURES, RAW
from components.csv_example_gen.encode import encode_each
from components.transform.vector import FIRST, MISSING, UNSEEN

ROWS = 600


@pytest.fixture(scope="module")
def transformed(tmp_path_factory):
    """(layout, function from a table to the transformed features, the training table)."""
    folder = tmp_path_factory.mktemp("kinds")
    rows = mixed_rows.table(ROWS)
    layout = mixed_rows.analysed(rows, folder)
    output = tft.TFTransformOutput(str(folder))
    transform = output.transform_features_layer()

    def apply(table):
        parsed = tf.io.parse_example(tf.constant(encode_each(table)), output.raw_feature_spec())
        return {name: value.numpy() for name, value in transform(parsed).items()}

    return layout, apply, rows


@pytest.fixture(scope="module")
def training(transformed):
    """(part of the vector by column and what it is, the frame that it is made of, the vector for trees)."""
    layout, apply, rows = transformed
    made = apply(rows)
    assert made[FEATURES].shape == (ROWS, layout.width)
    assert made[RAW].shape == (ROWS, len(layout.raw))
    parts = {(p.column, p.what): made[FEATURES][:, p.begin : p.begin + p.width] for p in layout.parts}
    raw = {(each.column, each.what): made[RAW][:, at] for at, each in enumerate(layout.raw)}
    return parts, rows.to_pandas(), raw


def test_nothing_in_the_vector_is_missing(training):
    parts, _, _ = training
    assert all(np.isfinite(values).all() for values in parts.values())


def test_numbers_are_scaled_and_their_holes_told(training):
    parts, frame, raw = training
    for name, logarithm in (("age", False), ("fare", True)):
        x = np.log1p(frame[name]) if logarithm else frame[name]
        expected = ((x - x.mean()) / x.std(ddof=0)).fillna(0)
        np.testing.assert_allclose(parts[name, "value"][:, 0], expected, atol=1e-4)
        np.testing.assert_allclose(raw[name, "value"], frame[name], rtol=1e-6)
    np.testing.assert_array_equal(parts["age", "missing"][:, 0], frame.age.isna())
    assert ("fare", "missing") not in parts


def test_a_quantile_scale_goes_by_the_place_among_the_values(training):
    parts, frame, _ = training
    places = frame["rank"].rank(pct=True) - 0.5
    np.testing.assert_allclose(parts["rank", "value"][:, 0], places.fillna(0) * 12**0.5, atol=0.06)


def test_categories_have_the_codes_of_the_vocabulary(training, transformed):
    parts, frame, raw = training
    for part in transformed[0].coded:
        if part.kind == "date":
            continue
        known = [None if pd.isna(value) else str(value) for value in frame[part.column]]
        given = pd.Series([None if value is None else part.values.index(value) for value in known], dtype=float)
        np.testing.assert_array_equal(parts[part.column, "value"][:, 0], (given + FIRST).fillna(MISSING))
        is_number = mixed_rows.TYPES[part.column] == "int"
        np.testing.assert_array_equal(raw[part.column, "value"], frame[part.column] if is_number else given)


def test_dates_are_taken_apart(training):
    parts, frame, raw = training
    day = pd.to_datetime(frame.day, unit="s")
    absent = day.isna().to_numpy()
    assert absent.any()
    for what, values, first in (
        ("month", day.dt.month, 1),
        ("weekday", day.dt.weekday, 0),
        ("hour", day.dt.hour, 0),
    ):
        np.testing.assert_array_equal(parts["day", what][:, 0], (values - first + FIRST).fillna(MISSING))
        np.testing.assert_array_equal(raw["day", what], values)
    np.testing.assert_allclose(parts["day", "year"][:, 0], (day.dt.year - 1971).fillna(0), atol=1e-6)
    span = (day - day.min().normalize()).dt.days
    np.testing.assert_allclose(parts["day", "days"][:, 0], (span / span.max() * 2 - 1).fillna(0), atol=1e-4)
    np.testing.assert_array_equal(parts["day", "missing"][:, 0], absent)


def test_texts_are_counts_of_words_whatever_their_case(training, transformed):
    parts, _, raw = training
    words = parts["note", "words"]
    np.testing.assert_allclose(np.expm1(words).sum(axis=1), 3, rtol=1e-5)
    np.testing.assert_allclose(
        np.stack([raw["note", f"word {n}"] for n in range(16)], axis=1), np.expm1(words), atol=1e-5
    )
    _, apply, rows = transformed
    other = rows.slice(0, 1).set_column(rows.column_names.index("note"), "note", [["deck, DECK...sea"]])
    first = rows.slice(0, 1).set_column(rows.column_names.index("note"), "note", [["sea Deck deck"]])
    np.testing.assert_array_equal(*(apply(each)[FEATURES] for each in (first, other)))


def test_what_training_never_had(transformed):
    layout, apply, rows = transformed
    strange = {"class": [9], "Place of birth": ["Mars"], "town": ["ümlaut" * 999], "alone": ["perhaps"], "note": ["+"]}
    row = rows.slice(0, 1)
    for name, values in strange.items():
        at = row.column_names.index(name)
        row = row.set_column(at, row.schema.field(at), [values])
    made = apply(row)
    for part in layout.coded:
        if part.column in strange:
            assert made[FEATURES][0, part.begin] == UNSEEN
    for at, each in enumerate(layout.raw):
        if each.column in strange and each.categories:
            assert np.isnan(made[RAW][0, at])
    (words,) = (part for part in layout.parts if part.what == "words")
    assert not made[FEATURES][0, words.begin : words.begin + words.width].any()
