import numpy as np
import pytest

from components.evaluator.results import confusion_of

MATRICES = [
    {"threshold": -1e-06, "truePositives": 10.0, "falsePositives": 10.0},
    {"threshold": 0.5, "truePositives": 5.0, "falsePositives": 5.0, "trueNegatives": 5.0, "falseNegatives": 5.0},
]


def test_the_confusion_matrix_of_two_classes_is_that_at_the_cut_which_recall_and_specificity_are_of():
    plots = {"confusionMatrixAtThresholds": {"matrices": MATRICES}}

    assert confusion_of(plots, {"recall": 0.8, "specificity": 0.9}, 2) == ((9.0, 1.0), (2.0, 8.0))
    assert confusion_of(plots, {"recall": 0.8, "specificity": None}, 2)[0] == (0.0, 10.0)


@pytest.mark.parametrize("each", [1e-30, 0.1, 1 / 3e7, 1.0, 1e30])
def test_no_cell_is_lost_of_examples_that_weigh_little_beside_others(each):
    """Thirty million of them, of which two, and one, were taken for the other class."""
    first, second = 2e7 * each, 1e7 * each
    plots = {"confusionMatrixAtThresholds": {"matrices": [{"trueNegatives": first, "truePositives": second}]}}
    found = confusion_of(plots, {"specificity": 1 - 2 / 2e7, "recall": 1 - 1 / 1e7}, 2)
    np.testing.assert_allclose(found, [[first - 2 * each, 2 * each], [each, second - each]], rtol=1e-4)
    (_, missed), (other, _) = confusion_of(plots, {"specificity": 1 - 2e-16, "recall": 1 - 2e-16}, 2)
    assert missed == other == 0


def test_nothing_that_was_plotted_is_no_confusion_matrix():
    assert confusion_of({}, {}, 2) == ()
