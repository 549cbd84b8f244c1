import numpy as np
import pandas as pd
import pytest

from components.arrow import pa
from components.csv_example_gen import conflicts
from components.csv_example_gen.conflicts import conflicts_in, labelled_inputs, together
from components.csv_example_gen.files import Kind
from components.csv_example_gen.gather import GatherInputs
from components.csv_example_gen.layout import FileLayout, TableLayout
from components.csv_example_gen.splits import UNUSED, row_hashes

LAYOUT = TableLayout(
    (FileLayout("a", "a.csv", Kind.CSV, "", 1), FileLayout("b", "b.csv", Kind.CSV, "", 1)), {}, "label"
)


def blocks_of(frame, sizes, splits=None):
    """Each block of a table as a worker sees it."""
    table = pa.table({"x": frame.x.to_numpy(np.float32), "town": frame.town.tolist()})
    hashes, labels = row_hashes(table), pa.array(frame.label.tolist())
    splits = np.zeros(len(frame), np.int8) if splits is None else splits
    for end, size in zip(np.cumsum(sizes), sizes, strict=True):
        rows = slice(end - size, end)
        lines = np.arange(end - size, end)
        yield labelled_inputs(hashes[rows], labels[rows.start : rows.stop], splits[rows], 0, lines)


def expected(frame):
    """Groups, rows in them, and rows whose label isn't the most frequent one, by pandas."""
    sizes = frame.groupby(["x", "town", "label"]).size().groupby(["x", "town"])
    differing = sizes.agg(["count", "sum", "max"]).query("count > 1")
    return len(differing), differing["sum"].sum(), (differing["sum"] - differing["max"]).sum()


def made(rows, values, seed):
    rng = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "x": rng.integers(0, values, rows).astype(np.float32),
            "town": rng.choice(["Rom", "Bonn", "Köln"], rows),
            "label": rng.choice(["a", "b", "ü"], rows, p=[0.7, 0.2, 0.1]),
        }
    )


@pytest.mark.parametrize("values", [1, 5, 300, 100_000])
@pytest.mark.parametrize("sizes", [[3000], [1, 1499, 0, 1500], [1000] * 3])
def test_the_counts_are_pandas_own_however_the_rows_are_cut(values, sizes):
    frame = made(3000, values, seed=values)
    gathered = GatherInputs()
    accumulators = [gathered.add_input(gathered.create_accumulator(), block) for block in blocks_of(frame, sizes)]
    accumulators = [gathered.compact(each) for each in accumulators]
    found = conflicts_in(gathered.extract_output(gathered.merge_accumulators(accumulators)), LAYOUT)
    assert (found.groups, found.records, found.outvoted) == expected(frame)
    assert found.share == 1


def test_no_rows_have_no_conflicts():
    gathered = GatherInputs()
    found = conflicts_in(gathered.extract_output(gathered.create_accumulator()), LAYOUT)
    assert (found.groups, found.records, found.outvoted, found.first) == (0, 0, 0, ())


def test_rows_of_one_label_are_none_and_rows_that_no_split_takes_do_not_count():
    frame = pd.DataFrame({"x": [1.0, 1.0, 2.0, 2.0], "town": ["Rom"] * 4, "label": ["a", "a", "a", "b"]})
    (block,) = blocks_of(frame, [4])
    assert conflicts_in(together([block]), LAYOUT).groups == 1
    (block,) = blocks_of(frame, [4], np.array([0, 0, 0, UNUSED], np.int8))
    assert conflicts_in(together([block]), LAYOUT).groups == 0


def test_the_first_rows_of_each_label_are_named_by_their_place():
    hashes = np.array([7, 7, 9, 9, 7], np.uint64)
    labels = pa.array(["a", "b", "b", "b", "b"])
    splits = np.array([0, 0, 1, 1, 0], np.int8)
    one = labelled_inputs(hashes, labels, splits, 1, np.arange(5))
    two = labelled_inputs(hashes[2:3], pa.array(["n\nl"]), np.array([2], np.int8), 0, np.array([40]))
    first, second = conflicts_in(together([one, two]), LAYOUT).first
    assert first.places == ("test/n\\nl: a.csv, line 41", "eval/b: b.csv, line 3")
    assert (first.splits, first.labels) == (("eval", "test"), ("b", "n\nl"))
    assert second.places == ("train/a: b.csv, line 1", "train/b: b.csv, line 2")


def test_of_very_many_inputs_an_even_share_is_kept_and_the_counts_are_about_right(monkeypatch):
    monkeypatch.setattr(conflicts, "KEPT", 4000)
    frame = pd.concat([made(60_000, 10**6, seed=1), made(60_000, 20_000, seed=2)])
    found = together(list(blocks_of(frame, [30_000] * 4)))
    assert 2000 < len(found.pairs) <= 4000
    counted = conflicts_in(found, LAYOUT)
    assert counted.share == 1 / 2**found.zeros < 1
    groups, records, outvoted = expected(frame)
    assert counted.groups == pytest.approx(groups, rel=0.15)
    assert counted.records == pytest.approx(records, rel=0.15)
    assert counted.outvoted == pytest.approx(outvoted, rel=0.15)


def test_parts_of_which_different_shares_were_kept_are_put_together():
    frame = made(4000, 1000, seed=3)
    first, second = blocks_of(frame, [2000, 2000])
    thinned = conflicts.LabelledInputs(first.pairs[first.pairs["inputs"] % 4 == 0], first.names, zeros=2)
    found = together([thinned, second])
    assert found.zeros == 2
    assert (found.pairs["inputs"] % 4 == 0).all()
    kept = [part.pairs[part.pairs["inputs"] % 4 == 0] for part in (first, second)]
    assert found.pairs["rows"].sum() == sum(pairs["rows"].sum() for pairs in kept)
