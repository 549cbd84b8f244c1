"""Counting stays exact and small, however many and however long the values are."""

import numpy as np
import pytest

from components.arrow import pa
from components.csv_example_gen.column_counts import LONGEST_VALUE, MOST_DISTINCT
from components.csv_example_gen.tally import HASHED, Tally, column_splits, summed
from components.ingest.column_splits import SplitColumn


def tally_of(kind, *blocks):
    tally = Tally(kind)
    for block in blocks:
        tally.add(block)
    return tally


def test_a_million_different_values_take_no_more_memory_than_those_that_are_counted():
    before = pa.total_allocated_bytes()
    tally, most = Tally("string"), 0
    for start in range(0, 1_000_000, 20_000):
        tally.add(pa.array([f"customer {number}" for number in range(start, start + 20_000)]))
        most = max(most, pa.total_allocated_bytes() - before)
    counts = tally.counts("customer")
    assert (counts.rows, counts.distinct, counts.more_distinct) == (1_000_000, MOST_DISTINCT["string"], True)
    assert counts.values == {}
    assert most < 64 * 2**20
    assert pa.total_allocated_bytes() - before < 2**20


def test_long_texts_are_told_apart_and_take_no_memory():
    texts = [chr(ord("a") + at % 26) * 10_000 + str(at % 100) for at in range(1_000)]
    before = pa.total_allocated_bytes()
    tally = tally_of("string", *(pa.array(texts[start : start + 100]) for start in range(0, 1_000, 100)))
    tally.add(pa.array(["short", "x" * LONGEST_VALUE]))
    assert pa.total_allocated_bytes() - before < 2**20
    counts = tally.counts("note")
    assert counts.distinct == len(set(texts)) + 2
    assert counts.values == {"short": 1, "x" * LONGEST_VALUE: 1}


def test_a_value_that_looks_like_a_hash_is_a_value():
    texts = ["sha256:abc", HASHED[1:]]
    assert set(tally_of("string", pa.array(texts)).counts("x").values) == set(texts)


@pytest.mark.parametrize("kind", ["float", "date"])
def test_numbers_that_are_no_codes_are_given_up_at_once(kind):
    values = np.arange(5_000)
    tally = tally_of(kind, pa.array(values, pa.float32() if kind == "float" else pa.int64()))
    assert tally.too_many
    counts = tally.counts("x")
    assert (counts.distinct, counts.lowest, counts.highest) == (MOST_DISTINCT[kind], 0, 4_999)


def test_a_sum_with_one_that_has_given_up_has_given_up_too():
    few, many = tally_of("float", pa.array([1.0, 1.0], pa.float32())), tally_of("float", pa.array([2.5], pa.float32()))
    many.add(pa.array([7.0], pa.float32()), with_values=False)
    counts = summed([few, many]).counts("x")
    assert (counts.rows, counts.more_distinct, counts.values, counts.lowest, counts.highest) == (4, True, {}, 1.0, 7.0)


def test_whole_numbers_keep_all_their_digits():
    counts = tally_of("int", pa.array([2**53 + 1, 2**53 + 1, -5, None])).counts("n")
    assert list(counts.values.items()) == [(str(2**53 + 1), 2), ("-5", 1)]
    assert (counts.missing, counts.highest) == (1, 2**53 + 1)


@pytest.mark.parametrize(
    ("kind", "train", "test", "unseen", "first"),
    [
        ("string", ["a", "b", "b", None], ["b", "x", None, "x", "y"], 3, ("x", "y")),
        ("string", ["a"], ["a", None], 0, ()),
        ("string", [None], ["a", "a"], 2, ("a",)),
        ("string", ["a"], [None], 0, ()),
        ("string", ["a"], ["x" * 10_000], 1, ()),
        ("int", [1, 2], [2, 3, 3], 2, ("3",)),
        ("float", [0.0, 1.5], [-0.0, 2.0], 1, ("2",)),
        ("date", [0], [1], None, ()),
    ],
)
def test_what_training_has_not_is_counted_and_named(kind, train, test, unseen, first):
    types = {"string": pa.string(), "float": pa.float32()}
    train, test = (pa.array(values, types.get(kind, pa.int64())) for values in (train, test))
    found = column_splits("x", kind, {"train": tally_of(kind, train), "test": tally_of(kind, test)})
    assert found.of("train") == SplitColumn(rows=len(train), missing=train.null_count)
    expected = SplitColumn(rows=len(test), missing=test.null_count, unseen=unseen, first_unseen=first)
    assert (found.of("test"), found.of("eval")) == (expected, SplitColumn())


def test_with_more_values_than_are_counted_the_unseen_are_unknown_or_at_least_so_many():
    few, many = tally_of("string", pa.array(["a", "b"])), Tally("string")
    many.add(pa.array(["a", "c"]), with_values=False)
    assert column_splits("x", "string", {"train": many, "test": few}).of("test").unseen is None
    assert column_splits("x", "string", {"test": few}).of("test").unseen is None
    many = tally_of("string", pa.array([str(at) for at in range(MOST_DISTINCT["string"] + 1)]))
    assert column_splits("x", "string", {"train": few, "test": many}).of("test").unseen == MOST_DISTINCT["string"] - 2


def test_the_splits_are_in_an_order_of_their_own_whichever_a_worker_came_to_first():
    tallies = {split: tally_of("int", pa.array([1, 2])) for split in ("test", "eval", "train")}
    assert list(column_splits("x", "int", tallies).splits) == ["train", "eval", "test"]
