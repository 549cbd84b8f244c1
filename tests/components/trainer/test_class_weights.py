import numpy as np
import pytest
from sklearn.utils.class_weight import compute_class_weight

from components.errors import TransferlineError
from components.trainer.class_weights import class_weights
from components.trainer.config import TrainingSettings

NAMES, EXAMPLES = ("bad", "fair", "good"), (10, 40, 450)


def weights(settings, examples=EXAMPLES):
    return class_weights(TrainingSettings(class_weights=settings), NAMES, examples)


def test_without_a_word_there_are_none():
    assert weights(None) is None


def test_balanced_ones_are_those_of_scikit_learn():
    labels = np.repeat(range(3), EXAMPLES)
    expected = compute_class_weight("balanced", classes=np.arange(3), y=labels)
    np.testing.assert_allclose(weights("balanced"), expected, rtol=1e-6)


@pytest.mark.parametrize("exponent", [0, 0.3, 0.5, 1])
def test_an_exponent_lies_between_none_and_balanced(exponent):
    found = class_weights(TrainingSettings(class_weights="balanced", class_weight_exponent=exponent), NAMES, EXAMPLES)
    assert np.dot(found, EXAMPLES) == pytest.approx(sum(EXAMPLES))
    assert found[0] / found[2] == pytest.approx(45**exponent)


def test_of_weights_by_class_only_the_relation_counts():
    found = weights({"bad": 30, "good": 2})
    np.testing.assert_allclose(found, weights({"bad": 15, "fair": 0.5, "good": 1}), rtol=1e-6)
    np.testing.assert_allclose(found / found[1], [30, 1, 2], rtol=1e-6)
    assert np.dot(found, EXAMPLES) == pytest.approx(sum(EXAMPLES))


@pytest.mark.parametrize("examples", [EXAMPLES, (0, 40, 450)])
def test_a_weight_of_a_class_that_is_not_there_is_an_error(examples):
    with pytest.raises(TransferlineError, match=r"A weight is given for .* of which there is no training") as caught:
        weights({"ugly": 3} if all(examples) else {"bad": 3}, examples)
    assert caught.value.place == "trainer.class_weights"
    assert "fair, good" in caught.value.cure


def test_a_class_without_training_examples_is_no_part_of_balanced_ones():
    found = weights("balanced", (0, 40, 40))
    np.testing.assert_allclose(found[1:], [1, 1])
    assert np.isfinite(found).all()


@pytest.mark.parametrize(
    "wrong",
    [
        {"class_weights": {"bad": 0}},
        {"class_weights": {"bad": float("inf")}},
        {"class_weights": "even"},
        {"class_weight_exponent": 0.5},
        {"class_weights": {"bad": 2}, "class_weight_exponent": 0.5},
        {"class_weights": "balanced", "class_weight_exponent": 1.5},
    ],
)
def test_what_makes_no_sense_is_refused(wrong):
    with pytest.raises(ValueError, match="class_weight"):
        TrainingSettings(**wrong)
