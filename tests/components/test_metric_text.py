import math

import pytest

from components.evaluator.metric_names import NUMBER_METRICS, metric_names
from components.metric_text import IN_UNIT, LOWER_IS_BETTER, digits_of, first_metrics, metric_text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (31234.6, "31,235"),
        (412.345, "412.3"),
        (4.12345, "4.123"),
        (0.1, "0.1000"),
        (-0.00012, "-0.0001200"),
        (0.000012345, "1.234e-05"),
        (1.5e13, "1.500e+13"),
        (0.0, "0"),
        (math.inf, "inf"),
    ],
)
def test_a_number_of_any_unit_has_four_digits(value, text):
    assert digits_of(value) == text


def test_shares_have_four_places_and_differences_a_sign():
    assert metric_text("r2", 0.75) == metric_text("accuracy", 0.75) == "0.7500"
    assert metric_text("rmse", 2, "+") == "+2.000"
    assert metric_text("auc", 0.01, "+") == "+0.0100"


def test_what_a_person_looks_at_first():
    assert first_metrics([]) == ("accuracy",)
    assert first_metrics(metric_names(2)) == ("accuracy",)
    assert first_metrics(NUMBER_METRICS) == ("rmse", "r2")


def test_they_are_metrics_that_are_measured():
    assert set(IN_UNIT) < set(NUMBER_METRICS)
    assert set(LOWER_IS_BETTER) < {*NUMBER_METRICS, *metric_names(2)}
