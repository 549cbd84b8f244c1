import pickle

import numpy as np
import pytest
from tensorflow_data_validation import StatsOptions
from tensorflow_data_validation.types import FeaturePath

from components import value_table
from components.arrow import pa
from components.statistics_gen import value_counts
from components.statistics_gen.value_counts import ValueCounts

NAME = FeaturePath(["name"])


def batch(texts):
    values = pa.array([text.encode() for text in texts], pa.large_binary())
    return pa.RecordBatch.from_arrays([pa.LargeListArray.from_arrays(np.arange(len(texts) + 1), values)], ["name"])


@pytest.fixture
def counted():
    """Counts batches, each by a worker of its own, whose accumulators travel; returns the message."""

    def run(*batches, estimated=False, **options):
        generator = ValueCounts(StatsOptions(**options))
        parts = [generator.add_input(generator.create_accumulator(), batch(texts)) for texts in batches]
        merged = generator.merge_accumulators(pickle.loads(pickle.dumps(parts)))  # noqa: S301 (as Beam sends them)
        (feature,) = generator.extract_output(generator.compact(merged)).features
        assert [each.name for each in feature.custom_stats] == ["estimated"] * estimated
        return feature.string_stats

    return run


def test_counts_are_added_up_over_batches_and_workers(counted, monkeypatch):
    monkeypatch.setattr(value_table, "ADDED_UP_AT_ONCE", 3)
    found = counted(["b", "a", "b"], ["c", "b", "é"], ["a"], ["", ""])
    assert found.unique == 5
    assert [(each.value, each.frequency) for each in found.top_values] == [
        ("b", 3),
        ("a", 2),
        ("", 2),
        ("é", 1),
        ("c", 1),
    ]


def test_options_bound_the_lists(counted):
    found = counted(["a", "b", "b", "c", "c", "c"], num_top_values=1, num_rank_histogram_buckets=2)
    assert [each.value for each in found.top_values] == ["c"]
    assert [each.label for each in found.rank_histogram.buckets] == ["c", "b"]
    assert [each.value for each in counted(["a", "b", "b"], frequency_threshold=2).top_values] == ["b"]


@pytest.mark.parametrize("workers", [1, 3])
def test_more_values_than_fit_are_estimated(counted, monkeypatch, workers):
    monkeypatch.setattr(value_counts, "EXACT_BYTES", 2**18)
    monkeypatch.setattr(value_table, "ADDED_UP_AT_ONCE", 1000)
    of_worker = [[f"{worker} {number}" for number in range(30_000)] + ["often"] * 9_000 for worker in range(workers)]
    found = counted(*of_worker, ["seldom"], estimated=True)  # one that counts exactly still
    assert found.unique == pytest.approx(30_000 * workers + 2, rel=0.02)
    assert found.top_values[0].value == "often"
    assert found.top_values[0].frequency == pytest.approx(9_000 * workers, abs=39_000 * workers / 1024)
