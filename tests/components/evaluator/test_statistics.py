import numpy as np
import pytest

from components.errors import TransferlineError
from components.evaluator.statistics import (
    BUCKETS,
    CELLS_KEPT,
    CONFUSION,
    HISTOGRAM,
    ONE_VERSUS_REST,
    AddStatistics,
    classes_of,
    contributions,
    histogram_of,
)

ALL = ()
CHANCE = np.random.default_rng(0)


def batch(examples, classes):
    labels = CHANCE.integers(classes, size=examples)
    scores = CHANCE.random([examples, classes], dtype=np.float32)
    answers = scores[:, 1] if classes == 2 else scores / scores.sum(axis=1, keepdims=True)
    return contributions(labels, answers, classes, tops=(2, 3), one_versus_rest=True)


def assert_same(statistics, expected):
    assert statistics.totals == pytest.approx(expected.totals)
    assert statistics.tables.keys() == expected.tables.keys()
    for name, table in statistics.tables.items():
        assert table.cells.tolist() == expected.tables[name].cells.tolist()
        np.testing.assert_allclose(table.sums, expected.tables[name].sums)


@pytest.mark.parametrize("classes", [2, 5])
def test_parts_of_any_size_add_up_to_the_whole_on_any_number_of_workers(classes):
    whole = batch(1000, classes)
    parts = [whole.of(part) for part in np.split(np.arange(1000), [1, 2, 400, 400, 999])]
    combine = AddStatistics()
    workers = [combine.create_accumulator()]
    for part in parts[:3], parts[3:]:
        workers.append(combine.create_accumulator())
        for statistics in part:
            workers[-1] = combine.add_input(workers[-1], {(ALL, "model"): statistics})
    (found,) = combine.extract_output(combine.merge_accumulators(workers)).values()
    assert_same(found, whole.of(np.arange(1000)))


def test_memory_does_not_grow_with_the_examples():
    combine, accumulator = AddStatistics(), AddStatistics().create_accumulator()
    for _ in range(30):
        accumulator = combine.add_input(accumulator, {(ALL, "model"): batch(8192, 2).of(np.arange(8192))})
        (parts,) = accumulator.values()
        assert sum(len(part.tables[HISTOGRAM].cells) for part in parts) <= CELLS_KEPT
    assert combine.extract_output(accumulator)[ALL, "model"].totals["examples"] == 30 * 8192


def test_cells_of_many_classes_tell_the_actual_and_the_predicted_class():
    scores = np.array([[0.1, 0.2, 0.7], [0.6, 0.2, 0.2], [0, 0, 0], [0.6, 0.2, 0.2]], np.float32)
    found = contributions(np.array([2, 1, 1, 1]), scores, 3).of(np.arange(4))
    table = found.tables[CONFUSION]
    cells = {classes_of(int(cell)): count for cell, (count,) in zip(table.cells, table.sums, strict=True)}
    assert cells == {(2, 2): 1, (1, 0): 2, (1, -1): 1}


def test_a_right_certainty_has_no_crossentropy_and_a_wrong_one_has_no_bound():
    labels, seconds = np.array([1, 0, 1, 0]), np.array([1.0, 0.0, 0.0, -0.5])
    found = contributions(labels, seconds, 2).totals["crossentropy"]
    np.testing.assert_array_equal(found, [0, 0, np.inf, np.nan])


def test_each_class_has_a_histogram_against_all_others():
    scores = np.array([[0.1, 0.2, 0.7], [0.1, 0.2, 0.7], [1, 0, 0]], np.float32)
    table = contributions(np.array([2, 0, 0]), scores, 3, one_versus_rest=True).of(np.arange(3)).tables[ONE_VERSUS_REST]
    first, last = histogram_of(table, 0), histogram_of(table, 2)
    assert first.cells.tolist() == [0.1 * BUCKETS + 1, BUCKETS + 1]
    np.testing.assert_allclose(first.sums, [[1, 2], [1, 1]])
    assert last.cells.tolist() == [1, 7000]  # 0.7 as a float32 lies below the edge
    np.testing.assert_allclose(last.sums, [[0, 1], [1, 2]])


@pytest.mark.parametrize("answers", [[0.3, np.nan, np.nan], [[0.1, np.nan, 0.7], [0.6, 0.2, 0.2], [np.nan] * 3]])
def test_an_answer_that_is_no_number_is_an_error_of_any_number_of_classes(answers):
    answers = np.array(answers, np.float32)
    with pytest.raises(TransferlineError, match="answers with NaN, which is no number, to at least 2 examples"):
        contributions(np.array([0, 0, 1]), answers, 2 if answers.ndim == 1 else 3)
