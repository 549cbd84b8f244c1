"""TFX's own StatisticsGen finds the same in the same examples."""

import math

import numpy as np
import pytest
import tensorflow_data_validation as tfdv
from google.protobuf import json_format, text_format
from tensorflow_metadata.proto.v0 import schema_pb2
from tfx.types import standard_artifacts

from components.contract import FORMAT, HEIGHT, IMAGE, LABEL, PATH, SHA256, WIDTH
from pipeline.graph import PHOTO_CONTRACT

ROWS = 3000
SCHEMA = """
feature { name: "photo" type: BYTES image_domain { } }
feature { name: "category" type: INT int_domain { is_categorical: true } }
feature { name: "never" type: FLOAT }
"""


def values_in(node, place=""):
    """Yields all that a nested structure holds, each with its place."""
    if isinstance(node, dict):
        for key, value in node.items():
            yield from values_in(value, f"{place}/{key}")
    elif isinstance(node, list):
        for at, value in enumerate(node):
            yield from values_in(value, f"{place}/{at}")
    else:
        yield place, node


def figures(found):
    """All values of a split's statistics, each with its place."""
    values = {"num_examples": found.num_examples}
    for feature in found.features:
        as_dict = json_format.MessageToDict(feature)
        values |= {f"{'.'.join(feature.path.step)}{place}": value for place, value in values_in(as_dict)}
    return values


def assert_same(ours, theirs):
    ours, theirs = figures(ours), figures(theirs)
    assert ours.keys() == theirs.keys()
    differ = {
        place: (value, theirs[place])
        for place, value in ours.items()
        if value != theirs[place]
        and not (isinstance(value, float) and math.isclose(value, theirs[place], rel_tol=1e-9, abs_tol=1e-12))
    }
    assert not differ


def row(number, random):
    """A row in which every tenth lacks something, or has more of it, or something odd."""
    features = {
        "normal": np.float32([random.normal()]),
        "wide": np.float32([random.normal() * 1e30]),
        "constant": np.float32([2.5]),
        "zeros": np.float32([0.0 if number % 3 else 1.0]),
        "odd": np.float32([(np.nan, np.inf, -np.inf, 1.0)[number % 4]]),
        "never_a_number": np.float32([np.nan]),
        "many": random.random(number % 5).astype(np.float32),
        "count": [int(random.integers(-100, 100))],
        "large": [int(random.integers(-(2**62), 2**62))],
        "category": [int(random.integers(0, 5))],
        "counts": list(range(number % 3)),
        "label": ["signal" if number % 3 else "background"],
        "text": [("", "é", "日本", "a", "longer " * 300)[number % 5]],
        "not_utf8": [b"\xff\xfe" if number % 7 else b"\xff"],
        "name": [f"name {number}"],
        "names": [f"{number % 1500}", "same"],
        "photo": [bytes(number % 200)],
        "empty": [] if number % 2 else None,
    }
    if number % 10 == 0:
        features = {name: values for name, values in features.items() if random.random() < 0.5}
    return features


@pytest.fixture(scope="module")
def examples(write_examples, serialized):
    """Of train two files and an empty one, and a feature that only the very last record has; of test nothing."""
    random = np.random.default_rng(0)
    rows = [row(number, random) for number in range(ROWS)]
    rows[-1]["late"] = ["first seen in the last record"]
    train = [serialized(**each) for each in rows]
    return write_examples(train=[train[:50], train[50:], []], eval=[train[:20]], test=[[]])


@pytest.fixture(scope="module")
def found(examples, statistics):
    return statistics(examples)


@pytest.fixture(scope="module")
def found_by_tfx(examples, tfx_statistics):
    return tfx_statistics(examples)


@pytest.mark.parametrize("split", ["train", "eval", "test"])
def test_the_same_figures(found, found_by_tfx, split):
    assert_same(found[split], found_by_tfx[split])


def test_a_feature_that_only_the_last_record_has_is_counted(found):
    values = figures(found["train"])
    assert values["num_examples"] == ROWS
    assert values["late/stringStats/commonStats/numNonMissing"] == "1"
    assert values["late/stringStats/commonStats/numMissing"] == str(ROWS - 1)


def test_a_schema_tells_bytes_and_categories(examples, statistics, tfx_statistics, folder):
    schema = standard_artifacts.Schema()
    schema.uri = str(folder / "schema")
    (folder / "schema").mkdir()
    (folder / "schema" / "schema.pbtxt").write_text(SCHEMA)
    ours, theirs = (run(examples, schema=schema, exclude_splits='["train"]') for run in (statistics, tfx_statistics))
    assert ours.keys() == theirs.keys() == {"eval", "test"}
    assert_same(ours["eval"], theirs["eval"])
    values = figures(ours["eval"])
    assert values["photo/bytesStats/maxNumBytesInt"] == "19"
    assert values["category/stringStats/unique"] == "5"


def test_photos(write_examples, serialized, statistics, tfx_statistics):
    random = np.random.default_rng(0)
    photos = [
        {
            IMAGE: [random.bytes(int(random.integers(1_000, 100_000)))],
            LABEL: ["cat" if number % 3 else "dog"],
            WIDTH: [int(random.integers(1, 2000))],
            HEIGHT: [160],
            FORMAT: ["JPEG"],
            PATH: [f"cat/{number}.jpg"],
            SHA256: [f"{number:064x}"],
        }
        for number in range(200)
    ]
    examples = write_examples(train=[[serialized(**photo) for photo in photos]])
    contract = text_format.Parse(PHOTO_CONTRACT.read_text(), schema_pb2.Schema())
    options = tfdv.StatsOptions(schema=contract).to_json()
    ours, theirs = (run(examples, stats_options_json=options) for run in (statistics, tfx_statistics))
    assert_same(ours["train"], theirs["train"])
    values = figures(ours["train"])
    assert values["image/bytesStats/commonStats/numNonMissing"] == values["image/sha256/stringStats/unique"] == "200"
