import doctest

import pytest

from components.image_example_gen import names, tfrecords
from components.image_example_gen.names import class_name, mixing_key
from components.ingest.file_names import is_hidden, split_of_name
from components.wording import printable


@pytest.mark.parametrize("module", [names, tfrecords])
def test_examples_in_docstrings(module):
    assert doctest.testmod(module).failed == 0


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a b.jpg", "a b.jpg"),
        ("größe.jpg", "größe.jpg"),
        ("a\nb\r.jpg", "a\\nb\\r.jpg"),
        ("caf\udce9.jpg", "caf\\xe9.jpg"),
        ("a\u2028b", "a\\u2028b"),
    ],
)
def test_shown_is_one_line_of_valid_text(name, text):
    assert printable(name) == text
    assert printable(name).encode("utf-8")


def test_class_names_are_composed_and_aliased():
    assert class_name("u\u0308bung", {}) == "\u00fcbung"
    assert class_name(" cats ", {"cats": "cat"}) == "cat"


@pytest.mark.parametrize(
    ("name", "split"), [("train", "train"), ("Validation", "eval"), ("val", "eval"), ("TEST", "test"), ("cats", "")]
)
def test_split_names(name, split):
    assert split_of_name(name) == split


def test_hidden_names():
    assert is_hidden(".DS_Store")
    assert is_hidden("__MACOSX")
    assert not is_hidden("cat.jpg")


def test_mixing_key_takes_any_name():
    assert mixing_key("caf\udce9") != mixing_key("cafe")
