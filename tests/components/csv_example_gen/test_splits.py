import itertools

import numpy as np
import pytest

from components.arrow import pa
from components.contract import SPLITS
from components.csv_example_gen.config import RowSplit
from components.csv_example_gen.duplicates import in_different_splits, packed_by_partition
from components.csv_example_gen.files import Kind
from components.csv_example_gen.layout import FileLayout, TableLayout
from components.csv_example_gen.splits import UNUSED, check_enough_rows, make_rule, row_hashes
from components.errors import TransferlineError

ROWS = 20_000


@pytest.fixture(scope="module")
def table():
    rng = np.random.default_rng(0)
    return pa.table(
        {
            "x": rng.normal(size=ROWS).astype(np.float32),
            "customer": [f"c{number // 4}" for number in range(ROWS)],
            "label": ["0", "1"] * (ROWS // 2),
        }
    )


def layout(*splits):
    return TableLayout(
        tuple(FileLayout(s, s, Kind.CSV, s, 1) for s in splits), {"x": "float", "label": "string"}, "label"
    )


def numbers(settings, table, *splits, named="", total=ROWS):
    rule = make_rule(settings, layout(*splits or [""]), "label")
    return rule.splits_of(rule.hashes_of(table), np.arange(table.num_rows), total, named)


def test_shares_by_hash(table):
    counts = np.bincount(numbers(RowSplit(by="hash"), table), minlength=3)
    assert counts / ROWS == pytest.approx([0.8, 0.1, 0.1], abs=0.01)


def test_a_row_stays_in_its_split_whatever_is_beside_it_and_however_columns_are_ordered(table):
    whole = numbers(RowSplit(by="hash"), table)
    part = table.slice(500, 100).select(["label", "customer", "x"])
    np.testing.assert_array_equal(numbers(RowSplit(by="hash"), part), whole[500:600])


def test_each_seed_parts_the_rows_otherwise_by_the_same_shares(table):
    by_seed = [numbers(RowSplit(by="hash", key=("customer",), seed=seed), table) for seed in range(4)]
    for splits in by_seed:
        assert (splits.reshape(-1, 4) == splits[::4, np.newaxis]).all()
        assert np.bincount(splits) / ROWS == pytest.approx([0.8, 0.1, 0.1], abs=0.015)
    np.testing.assert_array_equal(by_seed[0], numbers(RowSplit(by="hash", key=("customer",)), table))
    for one, other in itertools.combinations(by_seed, 2):  # 0.66 of the rows by chance
        assert (one == other).mean() == pytest.approx(0.8**2 + 2 * 0.1**2, abs=0.03)


def test_a_seed_keeps_what_differs_apart(table):
    rule = make_rule(RowSplit(by="hash", seed=7), layout(""), "label")
    assert len(np.unique(rule.hashes_of(table))) == len(np.unique(row_hashes(table)))


def test_rows_of_one_key_stay_together(table):
    splits = numbers(RowSplit(by="hash", key=("customer",)), table).reshape(-1, 4)
    assert (splits == splits[:, :1]).all()
    assert len(np.unique(splits)) == 3


def test_rows_of_one_group_stay_together_as_those_of_a_key_do(table):
    by_group = numbers(RowSplit(by="hash", key=("x",), group="customer"), table)
    np.testing.assert_array_equal(by_group, numbers(RowSplit(by="hash", key=("customer",)), table))


def test_by_the_columns_that_are_learned_from_no_twin_comes_into_another_split_whatever_its_label(table):
    twins = table.set_column(2, "label", pa.array(["1", "0"] * (ROWS // 2)))
    settings = RowSplit(by="hash", key=("x", "customer"))
    np.testing.assert_array_equal(numbers(settings, table), numbers(settings, twins))
    assert (numbers(RowSplit(by="hash"), table) != numbers(RowSplit(by="hash"), twins)).any()


@pytest.mark.parametrize(
    ("settings", "inputs"),
    [
        (RowSplit(key=("x",)), ()),
        (RowSplit(key=("x", "label"), count_conflicts=True), ("x",)),
        (RowSplit(group="x", count_conflicts=True), ("x",)),
        (RowSplit(key=("x",), group="label", count_conflicts=True), ("x",)),
    ],
)
def test_conflicts_are_found_by_the_key_or_all_columns_but_the_label(settings, inputs):
    assert make_rule(settings, layout(""), "label").inputs == inputs


@pytest.mark.parametrize(("settings", "files"), [(RowSplit(by="rows"), [""]), (RowSplit(), ["train", "test"])])
def test_only_a_split_by_hash_can_be_stratified(settings, files):
    with pytest.raises(TransferlineError, match="is to be stratified") as caught:
        make_rule(settings.model_copy(update={"stratify": True}), layout(*files), "label")
    assert caught.value.place == "data.split.stratify"


@pytest.mark.parametrize("key", [(), ("customer",)])
def test_by_hash_no_copy_comes_into_another_split(table, key):
    settings = RowSplit(by="hash", key=key)
    assert not make_rule(settings, layout(""), "label").may_part_copies
    splits = numbers(settings, pa.concat_tables([table, table]))
    np.testing.assert_array_equal(splits[:ROWS], splits[ROWS:])


@pytest.mark.parametrize(("settings", "files"), [(RowSplit(by="rows"), [""]), (RowSplit(by="file"), ["train", "test"])])
def test_by_place_copies_may_come_into_different_splits(settings, files):
    assert make_rule(settings, layout(*files), "label").may_part_copies


def test_the_key_may_be_the_label(table):
    assert len(np.unique(numbers(RowSplit(by="hash", key=("label",)), table))) <= 2


def test_by_rows(table):
    settings = RowSplit(by="rows", eval_rows=10, train_rows=20, test_rows=5)
    splits = numbers(settings, table.slice(0, 50), total=50)
    assert [SPLITS[n] if n != UNUSED else "unused" for n in splits] == (
        ["eval"] * 10 + ["train"] * 20 + ["unused"] * 15 + ["test"] * 5
    )


@pytest.mark.parametrize(
    ("total", "train", "test"),
    [
        (11_000_000, 10_000, 500_000),
        (511_000, 10_000, 500_000),
        (510_999, 10_000, 499_999),
        (11_550, 9_972, 578),
        (11_000, 9_450, 550),
        (1_053, 0, 53),
    ],
)
def test_by_rows_a_short_file_is_tested_on_what_is_left_and_on_a_share_of_it_at_least(total, train, test):
    settings = RowSplit(by="rows", eval_rows=1_000, train_rows=10_000, test_rows=500_000, least_test=0.05)
    rule = make_rule(settings, layout(""), "label")
    numbers = np.arange(total)
    splits = rule.splits_of(np.zeros(total, np.uint64), numbers, total, "")
    assert [np.count_nonzero(splits == SPLITS.index(name)) for name in ("eval", "train", "test")] == [
        1_000,
        train,
        test,
    ]
    assert (splits[:1_000] == SPLITS.index("eval")).all()
    assert (splits[1_000 : 1_000 + train] == SPLITS.index("train")).all()
    assert (splits[total - test :] == SPLITS.index("test")).all()


def test_by_rows_a_short_file_needs_a_row_to_train_with():
    settings = RowSplit(by="rows", eval_rows=1_000, train_rows=10_000, test_rows=500_000, least_test=0.05)
    check_enough_rows(settings, 1_054, "here")
    with pytest.raises(TransferlineError, match="There are 1,053 rows"):
        check_enough_rows(settings, 1_053, "here")
    with pytest.raises(TransferlineError, match="There are 510,999 rows"):
        check_enough_rows(settings.model_copy(update={"least_test": None}), 510_999, "here")


def test_by_rows_without_a_number_to_train_with_a_short_file_gives_its_share():
    settings = RowSplit(by="rows", eval_rows=10, test_rows=1_000, least_test=0.1)
    assert [settings.test_rows_of(total) for total in (2_000, 1_011, 1_010, 200)] == [1_000, 1_000, 101, 20]


def test_by_file_without_one_for_eval_takes_it_from_train(table):
    settings = RowSplit(by="file")
    train = numbers(settings, table, "train", "test", named="train")
    assert np.mean(train == 1) == pytest.approx(1 / 9, abs=0.01)
    assert set(numbers(settings, table, "train", "test", named="test")) == {2}
    assert set(numbers(settings, table, "train", "eval", "test", named="train")) == {0}


def test_auto_goes_by_files_only_where_all_are_named(table):
    assert make_rule(RowSplit(), layout("train", "test"), "label").by == "file"
    assert make_rule(RowSplit(), layout("train", ""), "label").by == "hash"
    assert make_rule(RowSplit(), layout("train"), "label").by == "hash"


def test_by_file_where_no_file_is_for_the_test():
    with pytest.raises(TransferlineError, match="no file is for test"):
        make_rule(RowSplit(by="file"), layout("train", "eval"), "label")


def test_hashes_differ_in_every_column_and_count_missing_values():
    base = {"a": [1.0, 1.0, 2.0, None, 1.0], "b": [1.0, 2.0, 1.0, 1.0, None]}
    table = pa.table({name: pa.array(values, pa.float32()) for name, values in base.items()})
    assert len(set(row_hashes(table).tolist())) == 5
    swapped = table.rename_columns(["b", "a"])
    assert row_hashes(swapped)[0] == row_hashes(table)[0]  # (1, 1) is (1, 1)
    assert row_hashes(swapped)[1] != row_hashes(table)[1]


def test_rows_that_are_the_same_in_different_splits_are_found_over_blocks():
    hashes = np.array([5, 6, 7, 8], np.uint64) << np.uint64(4)
    train, test = np.zeros(4, np.int8), np.full(4, 2, np.int8)
    lines = np.arange(4) + 10
    blocks = [block for _, block in packed_by_partition(0, 100, hashes, train, lines)]
    blocks += [block for _, block in packed_by_partition(1, 0, hashes[[2, 2]], test[:2], lines[:2])]
    blocks += [block for _, block in packed_by_partition(1, 0, hashes[[0]], train[:1], lines[:1])]  # the same split
    assert in_different_splits(blocks) == [(("test", 1, 10), ("test", 1, 11), ("train", 0, 112))]


def test_rows_that_are_left_out_leak_nowhere():
    hashes = np.array([1, 1], np.uint64) << np.uint64(8)
    splits = np.array([0, UNUSED], np.int8)
    blocks = [block for _, block in packed_by_partition(0, 0, hashes, splits, np.arange(2))]
    assert in_different_splits(blocks) == []


def test_hashes_stay_what_they_are():
    """A change of these numbers moves rows between the splits of every existing run."""
    columns = {"x": pa.array([1.5, -0.0, None], pa.float32()), "n": pa.array([3, None, 7], pa.int64())}
    table = pa.table(columns | {"label": ["a", "b", "ü"]})
    assert row_hashes(table).tolist() == [3855037840039712255, 5043310247841991437, 13520878968384762784]
    assert row_hashes(table.select(["x"])).tolist() == [
        12087477522846441424,
        16294208416658607535,
        3731976310285970820,
    ]
    by_x = make_rule(RowSplit(by="hash", key=("x",)), layout(""), "label")
    np.testing.assert_array_equal(by_x.hashes_of(table), row_hashes(table.select(["x"])))
