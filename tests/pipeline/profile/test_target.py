import numpy as np
import pytest
from scipy.stats import spearmanr

from components.arrow import pa
from pipeline.profile.target import Classes, Numbers, target_of

RNG = np.random.default_rng(0)


def test_the_order_of_a_column_goes_with_a_number_as_its_rank_correlation_says():
    label = RNG.normal(size=300).round(1)
    values = (label + RNG.normal(size=300)).round(1)
    told = Numbers(label).order_told_by(pa.array(values))
    assert told == pytest.approx(abs(spearmanr(values, label)[0]))


def test_rows_without_a_value_say_nothing():
    label = np.arange(6.0)
    assert Numbers(label).order_told_by(pa.array([0.0, None, 2.0, 1.0, None, 9.0])) == pytest.approx(0.8)
    assert Numbers(label).order_told_by(pa.array([None] * 6, pa.float32())) == 0.0
    assert Numbers(label).order_told_by(pa.array([1.0] * 6)) == 0.0


def test_the_number_in_another_form_is_a_copy_and_its_rounding_is_none():
    label = RNG.lognormal(size=500)
    target = Numbers(label)

    def is_copy(values):
        column = pa.array(values)
        return target.is_copied_by(column, 0, target.order_told_by(column))

    assert is_copy(-np.log(label))
    assert is_copy(label * 3 + 1)
    assert not is_copy(label.round())


def test_a_column_with_few_values_is_no_copy_however_they_rise():
    label = RNG.lognormal(size=1_000)
    target = Numbers(label)

    def is_copy(given):
        column = pa.array([value if at < given else None for at, value in enumerate(label)], pa.float64())
        return target.is_copied_by(column, given, target.order_told_by(column))

    assert [given for given in (3, 19, 20, 500, 501, 1_000) if is_copy(given)] == [501, 1_000]
    few = Numbers(label[:19])
    assert not few.is_copied_by(pa.array(label[:19]), 19, 1.0)


def test_what_is_predicted_is_what_records_have():
    assert target_of(pa.table({"label": ["b", "a", "b"]}), "classification").count == 2
    numbers = target_of(pa.table({"label": pa.array([1.5, 2.5], pa.float32())}), "regression")
    assert numbers.values.tolist() == [1.5, 2.5]
    assert [list(each) for each in Classes(np.array([0, 1, 0]), 2).numbers()] == [[1, 0, 1], [0, 1, 0]]
