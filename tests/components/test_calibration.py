import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import expit, softmax

from components.calibration import LEAST_ROWS, calibrate, reliability


def drawn(temperature, rows=20_000, classes=3, seed=0):
    """Logits of a model that is sure of itself by a factor, with labels drawn by the right probabilities."""
    random = np.random.default_rng(seed)
    logits = random.normal(0, 2, (rows, classes))
    labels = (softmax(logits, axis=1).cumsum(axis=1) < random.random((rows, 1))).sum(axis=1)
    return logits * temperature, labels


@pytest.mark.parametrize("temperature", [0.5, 1.0, 3.0])
def test_the_temperature_that_a_model_is_off_by_is_found(temperature):
    found = calibrate(*drawn(temperature))

    assert found.temperature == pytest.approx(temperature, rel=0.05)
    assert found.after.expected_error < 0.02
    assert found.after.crossentropy <= found.before.crossentropy
    if temperature != 1.0:
        assert found.before.expected_error > 2 * found.after.expected_error


def test_a_logit_of_the_second_class_is_calibrated_as_two_are():
    random = np.random.default_rng(1)
    logit = random.normal(0, 2, 5_000)
    labels = (random.random(5_000) < expit(logit)).astype(int)

    one = calibrate(2.5 * logit[:, np.newaxis], labels)
    two = calibrate(np.column_stack([np.zeros(5_000), 2.5 * logit]), labels)

    assert one == two
    assert one.temperature == pytest.approx(2.5, rel=0.1)


def test_few_rows_are_left_as_they_are():
    logits, labels = drawn(4.0, rows=LEAST_ROWS - 1)

    found = calibrate(logits, labels)

    assert found.temperature == 1.0
    assert found.before == found.after


def test_a_row_of_weight_two_counts_as_two_rows():
    logits, labels = drawn(2.0, rows=1_000)
    weights = np.where(np.arange(1_000) < 300, 2.0, 1.0)

    weighted = calibrate(logits, labels, weights)
    repeated = calibrate(np.concatenate([logits, logits[:300]]), np.concatenate([labels, labels[:300]]))

    assert weighted.temperature == pytest.approx(repeated.temperature, rel=1e-3)
    assert weighted.after.expected_error == pytest.approx(repeated.after.expected_error, rel=1e-3)


def test_a_model_that_is_always_right_gets_a_temperature_that_is_a_number():
    labels = np.arange(1_000) % 2
    found = calibrate(np.where(labels, 5.0, -5.0)[:, np.newaxis], labels)

    assert 0 < found.temperature <= 1
    assert np.isfinite(found.after.crossentropy)


def test_the_expected_error_is_the_mean_distance_over_the_bins():
    scores = np.array([[0.9, 0.1], [0.9, 0.1], [0.4, 0.6], [0.4, 0.6]])

    found = reliability(scores, np.array([0, 1, 1, 1]), np.ones(4))

    # Two are answered with 0.9 and half of them rightly, two with 0.6 and all of them.
    assert [(each.confidence, each.accuracy) for each in found.bins] == [(0.6, 1.0), (0.9, 0.5)]
    assert found.expected_error == pytest.approx((0.4 + 0.4) / 2)


@settings(max_examples=50)
@given(seed=st.integers(0, 2**32 - 1), scale=st.floats(0, 30), rows=st.integers(LEAST_ROWS, 400))
def test_calibration_never_makes_the_loss_higher(seed, scale, rows):
    random = np.random.default_rng(seed)

    found = calibrate(random.normal(0, 1, (rows, 3)) * scale, random.integers(0, 3, rows))

    assert found.temperature > 0
    assert found.after.crossentropy <= found.before.crossentropy + 1e-12
