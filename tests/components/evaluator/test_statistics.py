import numpy as np
import pytest

from components.evaluator.statistics import CELLS_KEPT, AddStatistics, classes_of, contributions

ALL = ()
CHANCE = np.random.default_rng(0)


def batch(examples, classes):
    labels = CHANCE.integers(classes, size=examples)
    scores = CHANCE.random([examples, classes], dtype=np.float32)
    return contributions(labels, scores[:, 1] if classes == 2 else scores / scores.sum(axis=1, keepdims=True), classes)


def assert_same(statistics, expected):
    assert statistics.totals == pytest.approx(expected.totals)
    assert statistics.cells.tolist() == expected.cells.tolist()
    np.testing.assert_allclose(statistics.sums, expected.sums)


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
        assert sum(len(part.cells) for part in parts) <= CELLS_KEPT
    assert combine.extract_output(accumulator)[ALL, "model"].totals["examples"] == 30 * 8192


def test_cells_of_many_classes_tell_the_actual_and_the_predicted_class():
    scores = np.array([[0.1, 0.2, 0.7], [0.6, 0.2, 0.2], [0, 0, 0], [0.6, 0.2, 0.2]], np.float32)
    found = contributions(np.array([2, 1, 1, 1]), scores, 3).of(np.arange(4))
    cells = {classes_of(int(cell)): count for cell, (count,) in zip(found.cells, found.sums, strict=True)}
    assert cells == {(2, 2): 1, (1, 0): 2, (1, -1): 1}


def test_a_right_certainty_has_no_crossentropy_and_a_wrong_one_has_no_bound():
    labels, seconds = np.array([1, 0, 1, 0]), np.array([1.0, 0.0, 0.0, -0.5])
    found = contributions(labels, seconds, 2).totals["crossentropy"]
    np.testing.assert_array_equal(found, [0, 0, np.inf, np.nan])
