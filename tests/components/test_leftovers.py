"""What killed workers and desktops leave beside records changes nothing in the steps that read them; a loss does."""

import numpy as np
import pytest
from google.protobuf import text_format
from tensorflow_metadata.proto.v0 import statistics_pb2
from unfaithful_runner import LOSES
from unfaithful_steps import CAUGHT, IN_A_SHARD, SHARDS, faithful, verdict

RECORDS = SHARDS * IN_A_SHARD
A, B = np.random.default_rng(0).random((3 * RECORDS, 2)).T
TRAIN, TEST = slice(0, RECORDS), slice(2 * RECORDS, None)


def test_statistics_are_of_the_records():
    found, _ = faithful("statistics")
    for text in found.values():
        (dataset,) = text_format.Parse(text, statistics_pb2.DatasetFeatureStatisticsList()).datasets
        assert dataset.num_examples == RECORDS
        assert len(dataset.features) == 3


def test_the_transform_graph_is_of_the_training_records():
    found, _ = faithful("transform")
    columns = np.array([A[TRAIN], 10 * B[TRAIN]])
    expected = (np.array([[0.25, 1.0], [0.75, 4.0]]) - columns.mean(axis=1)) / columns.std(axis=1)
    np.testing.assert_allclose(found["features"], expected, atol=1e-4)


def test_the_evaluation_is_of_the_test_records():
    found, _ = faithful("evaluator")
    second = np.arange(3 * RECORDS) % IN_A_SHARD % 2 == 1
    right = (A > 0.5) == second
    assert found["all examples"]["example_count"] == RECORDS
    assert found["all examples"]["accuracy"] == pytest.approx(right[TEST].mean())


def test_a_transform_graph_of_no_rows_is_not_left(tmp_path):
    """One element begins the reading, mostly one of the first; which one, Beam's order of stages decides by chance."""
    words = f"Records were lost or doubled on the way: {RECORDS} records of train are stored, 0 were counted."
    _, elements = faithful("transform")
    for number in range(elements):
        folder = tmp_path / str(number)
        folder.mkdir()
        if verdict("transform", LOSES, number, folder) == (CAUGHT, words):
            break
    else:
        pytest.fail("No element begins the reading.")
    assert not (folder / "transform_graph").exists()
