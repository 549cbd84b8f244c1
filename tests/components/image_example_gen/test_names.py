import csv
import doctest
import zipfile

import pytest
import tensorflow as tf
from bounded import at_most

from components.image_example_gen import names, tfrecords
from components.image_example_gen.config import ArchiveBounds, ExampleFeatures
from components.image_example_gen.names import class_name, mixing_key
from components.image_example_gen.tfrecords import TFRecordFile
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


LONG = "e" + "\u0301" * 160_000
"""To compose it took 21 s; several of them take as long each."""


def test_a_class_whose_name_is_too_long_is_told_at_once(take, encode, tmp_path):
    (tmp_path / "a.jpg").write_bytes(encode(1))
    manifest = tmp_path / "photos.csv"
    csv.field_size_limit(2**20)
    manifest.write_text(f"path,label\na.jpg,cat\na.jpg,{LONG}\na.jpg,{LONG}\n")
    with at_most():
        taken = take(manifest)
    assert taken.labels() == {"cat": 1}
    assert set(taken.quarantined.values()) == {
        f"manifest row {row}: the label of file a.jpg has 160,001 characters, more than 255" for row in (3, 4)
    }


def test_a_class_folder_and_a_feature_whose_names_are_too_long(take, encode, tmp_path):
    with zipfile.ZipFile(tmp_path / "photos.zip", "w") as archive:
        archive.writestr("cat/a.jpg", encode(1))
        archive.writestr(f"{'e' * 256}/a.jpg", encode(2))
    (reason,) = take(tmp_path / "photos.zip").quarantined.values()
    assert reason == "the name of its class folder has 256 characters, more than 255"
    assert TFRecordFile("", "", "", ExampleFeatures(), ArchiveBounds())._label(
        tf.train.Feature(bytes_list=tf.train.BytesList(value=[LONG.encode()]))
    ) == ("", "the feature 'label' has 160,001 characters, more than 255")
    assert class_name("e\u0301", {}) == "é"
