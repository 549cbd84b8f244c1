from components.evaluator.results import confusion_of

MATRICES = [
    {"threshold": -1e-06, "truePositives": 10.0, "falsePositives": 10.0},
    {"threshold": 0.5, "truePositives": 5.0, "falsePositives": 5.0, "trueNegatives": 5.0, "falseNegatives": 5.0},
]


def test_the_confusion_matrix_of_two_classes_is_that_at_the_cut_which_recall_and_specificity_are_of():
    plots = {"confusionMatrixAtThresholds": {"matrices": MATRICES}}

    assert confusion_of(plots, {"recall": 0.8, "specificity": 0.9}, 2) == ((9.0, 1.0), (2.0, 8.0))
    assert confusion_of(plots, {"recall": 0.8, "specificity": None}, 2)[0] == (0.0, 10.0)


def test_nothing_that_was_plotted_is_no_confusion_matrix():
    assert confusion_of({}, {}, 2) == ()
