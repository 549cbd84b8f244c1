"""What counts as missing in the graph is what the files' readers take for missing."""

import sys

import numpy as np
import tensorflow as tf

from components.arrow import pa, pc
from components.transform.raw_features import NO_NUMBER, is_missing

SURROGATES = range(0xD800, 0xE000)
"""No characters, and not to be had in UTF-8."""


def test_each_sign_alone_is_missing_where_the_readers_take_it_for_a_blank():
    signs = [chr(code) for code in range(sys.maxunicode + 1) if code not in SURROGATES]
    found = is_missing(tf.constant([sign.encode() for sign in signs])).numpy()
    assert 20 < found.sum() < 40
    np.testing.assert_array_equal(found, [not sign.strip() for sign in signs])
    trimmed = pc.utf8_trim_whitespace(pa.array(signs))
    np.testing.assert_array_equal(found, pc.equal(trimmed, "").to_numpy(zero_copy_only=False))


def test_missing_are_blanks_alone_and_nan_and_the_number_for_none():
    texts = ["", " \u00a0\t\u3000\n", " a ", "\n\nb", "NA", b"\xff\xfe", b" \xff"]
    assert is_missing(tf.constant(texts)).numpy().tolist() == [True, True, False, False, False, False, False]
    assert is_missing(tf.constant([0.0, np.nan, np.inf])).numpy().tolist() == [False, True, False]
    assert is_missing(tf.constant([0, NO_NUMBER, -1], tf.int64)).numpy().tolist() == [False, True, False]
