import numpy as np
import pytest

from pipeline.profile.number_label import about, describe, proposed_task

RNG = np.random.default_rng(0)


def test_what_a_number_is_like():
    label = describe(np.array([1.0, 2.0, 2.0, 5.0]))
    assert (label.count, label.distinct, label.lowest, label.highest, label.mean) == (4, 3, 1.0, 5.0, 2.5)
    assert label.deviation == pytest.approx(1.5)
    assert about(label, "pri\nce") == (
        "To predict: pri\\nce, from 1.000 to 5.000, mean 2.500, standard deviation 1.500."
    )


@pytest.mark.parametrize(
    ("values", "scale"),
    [
        (RNG.normal(100, 10, 2000), "standard"),
        (RNG.gamma(2, 1, 2000), "standard"),  # a skewness of 1.4
        (RNG.lognormal(0, 1, 2000), "log"),
        (-RNG.lognormal(0, 1, 2000), "standard"),
        (RNG.lognormal(0, 1, 2000) - 0.1, "standard"),
        (np.exp(RNG.lognormal(0, 1, 2000)), "standard"),  # whose logarithm is skewed, too
    ],
)
def test_the_logarithm_is_learned_of_what_is_above_0_and_skewed(values, scale):
    assert describe(values).scale == scale


def test_text_is_never_taken_for_a_number():
    assert proposed_task("string", np.arange(500.0)) == "classification"
    assert proposed_task("date", np.arange(500.0)) == "classification"
    assert proposed_task("float", np.zeros(0)) == "classification"
