import numpy as np
import pytest

from components.contract import SPLITS
from components.ingest.gather import GatherClasses
from components.ingest.strata import RARE, strata_of

SHARES = (0.8, 0.1, 0.1)


def hashed(count, seed=0):
    return np.random.default_rng(seed).integers(0, 2**63, count, np.uint64)


def by_hash(hashes):
    return np.searchsorted([0.8, 0.9], hashes / 2.0**63, side="right").astype(np.int8)


def counts(strata, hashes):
    return np.bincount(strata.applied(hashes, by_hash(hashes)), minlength=len(SPLITS)).tolist()


@pytest.mark.parametrize(
    ("records", "expected"),
    [
        (1, [1, 0, 0]),
        (2, [1, 0, 1]),
        (3, [1, 1, 1]),
        (4, [2, 1, 1]),
        (5, [3, 1, 1]),
        (10, [8, 1, 1]),
        (99, [79, 10, 10]),
    ],
)
def test_a_rare_class_has_its_shares_and_of_three_records_one_in_each_split(records, expected):
    for seed in range(5):
        hashes = hashed(records, seed)
        assert counts(strata_of({"a": hashes}, SHARES), hashes) == expected


def test_every_class_of_many_has_its_shares():
    classes = {str(size): hashed(size, size) for size in (3, 7, 40, 41, 500, 9_999)}
    strata = strata_of(classes, SHARES)
    for hashes in classes.values():
        train, evaluated, tested = counts(strata, hashes)
        assert abs(evaluated - 0.1 * len(hashes)) <= 1
        assert abs(tested - 0.1 * len(hashes)) <= 1
        assert train + evaluated + tested == len(hashes)


def test_records_of_a_class_that_is_not_rare_go_by_their_hash():
    rare, frequent = hashed(20, 1), hashed(1000, 2)
    strata = strata_of({"rare": rare, "frequent": None}, SHARES)
    np.testing.assert_array_equal(strata.applied(frequent, by_hash(frequent)), by_hash(frequent))
    assert counts(strata, rare) == [16, 2, 2]
    nothing = strata_of({"frequent": None}, SHARES)
    np.testing.assert_array_equal(nothing.applied(frequent, by_hash(frequent)), by_hash(frequent))


def test_records_of_one_hash_stay_together_whatever_their_classes_are():
    shared = hashed(30, 3)
    classes = {"a": np.concatenate([shared, shared, hashed(100, 4)]), "b": np.concatenate([shared, hashed(60, 5)])}
    strata = strata_of(classes, SHARES)
    assert len(np.unique(strata.hashes)) == len(strata.hashes)
    assert (np.diff(strata.hashes.astype(object)) > 0).all()
    assert set(np.concatenate(list(classes.values())).tolist()) == set(strata.hashes.tolist())
    for hashes in classes.values():
        assert min(counts(strata, hashes)[1:]) > 0
        assert counts(strata, hashes)[0] == pytest.approx(0.8 * len(hashes), rel=0.1)


def test_a_group_of_many_records_does_not_take_a_split_alone():
    hashes = np.concatenate([np.full(50, 5, np.uint64), hashed(50, 6)])
    train, evaluated, tested = counts(strata_of({"a": hashes}, SHARES), hashes)
    assert train >= 50
    assert evaluated
    assert tested


def test_the_same_whatever_the_order():
    classes = {"a": hashed(50, 1), "b": hashed(80, 2)}
    shuffled = {name: np.random.default_rng(0).permutation(classes[name]) for name in ("b", "a")}
    one, other = strata_of(classes, SHARES), strata_of(shuffled, SHARES)
    np.testing.assert_array_equal(one.hashes, other.hashes)
    np.testing.assert_array_equal(one.splits, other.splits)


def test_one_more_record_moves_few():
    hashes = hashed(1000, 7)
    before = strata_of({"a": hashes}, SHARES).applied(hashes, by_hash(hashes))
    after = strata_of({"a": np.append(hashes, np.uint64(12345))}, SHARES).applied(hashes, by_hash(hashes))
    assert (before != after).sum() <= 2


def test_classes_are_gathered_over_workers_and_frequent_ones_forgotten():
    gathered = GatherClasses()
    parts = [{"a": hashed(10, n), "b": hashed(RARE // 3, n)} for n in range(4)] + [{"c": None}]
    workers = [gathered.add_input(gathered.create_accumulator(), part) for part in parts]
    found = gathered.extract_output(gathered.merge_accumulators(workers))
    assert found["b"] is None
    assert found["c"] is None
    assert sorted(found["a"].tolist()) == sorted(np.concatenate([part["a"] for part in parts[:4]]).tolist())
