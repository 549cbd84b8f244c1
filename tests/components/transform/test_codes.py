import numpy as np
import pytest
import tensorflow as tf

from components.transform.codes import codes_of
from components.transform.raw_features import NO_NUMBER
from components.transform.vector import FIRST, MISSING, UNSEEN


@pytest.mark.parametrize("size", [1, 2, 10_000])
def test_texts_have_the_places_of_the_vocabulary(size):
    vocabulary = [f"word {n}" for n in np.random.default_rng(0).permutation(size)]
    values = tf.constant([vocabulary[-1], "", "another", *vocabulary])
    codes = codes_of(values, vocabulary, 0).numpy()
    assert codes[:3].tolist() == [FIRST + size - 1, MISSING, UNSEEN]
    assert codes[3:].tolist() == list(range(FIRST, FIRST + size))


def test_texts_are_told_apart_by_every_byte():
    vocabulary = ["ä", "a", "A", " a", "a\0b", "x" * 10_000]
    assert codes_of(tf.constant([*vocabulary, "a\0", "x" * 9_999]), vocabulary, 0).numpy().tolist() == [
        *range(FIRST, FIRST + 6),
        UNSEEN,
        UNSEEN,
    ]


def test_whole_numbers_and_numbers_are_compared_as_such():
    whole = tf.constant([7, -3, 2**53 + 1, 8, NO_NUMBER], tf.int64)
    assert codes_of(whole, ["-3", "7", str(2**53 + 1)], 0).numpy().tolist() == [3, 2, 4, UNSEEN, MISSING]
    numbers = tf.constant([0.1, -0.0, 2.5, 3.0, float("nan")])
    assert codes_of(numbers, ["0", "0.1", "2.5"], 0).numpy().tolist() == [3, 2, 4, UNSEEN, MISSING]


def test_what_is_outside_of_the_vocabulary_goes_into_buckets():
    values = [f"town {n}" for n in range(1_000)]
    codes = codes_of(tf.constant(["town 3", "", *values]), ["town 3"], 16).numpy()
    assert codes[:2].tolist() == [FIRST, MISSING]
    assert set(codes[2:]) == set(range(FIRST, FIRST + 17))
    whole = codes_of(tf.range(1_000, dtype=tf.int64), [], 16).numpy()
    assert set(whole) == set(range(FIRST, FIRST + 16))
