import pytest

from components.report.confusion import confusion_table
from components.report.page import render


def test_cells_have_their_share_of_the_row_and_pairs_are_ranked(evaluation):
    plots = evaluation.plots[0].model_copy(update={"confusion": ((6, 2, 0), (5, 5, 0), (0, 0, 0))})
    found = confusion_table(evaluation.model_copy(update={"plots": (plots,), "class_names": ("a", "b", "c")}))
    assert [(name, whole) for name, whole, _ in found.rows] == [("a", 8), ("b", 10), ("c", 0)]
    (_, _, first), _, (_, _, empty) = found.rows
    assert [cell.share for cell in first] == pytest.approx([0.75, 0.25, 0])
    assert [cell.share for cell in empty] == [0, 0, 0]
    assert [(cell.actual, cell.predicted, cell.examples) for cell in found.often] == [("b", "a", 5), ("a", "b", 2)]
    assert (found.cut, found.has_many) == (None, False)


def test_of_two_classes_the_cut_is_told(evaluation):
    assert confusion_table(evaluation).cut == 0.5


def test_without_an_evaluation_there_is_none(evaluation):
    assert confusion_table(None) is None
    assert confusion_table(evaluation.model_copy(update={"plots": ()})) is None


def test_of_rows_with_weights_no_weight_is_called_examples(review, weighted):
    page = render(review.model_copy(update={"evaluation": weighted}))
    matrix = page.partition(">Confusion matrix")[2].partition("<h3>")[0]
    assert " and its weight." in matrix
    assert "<span>weight</span>" in matrix
    assert "</a>: a weight of 15, " in matrix
    assert "examples" not in matrix
    assert "The most weight was missed of:" in page
    assert "dog: a weight of 25 of 40 found" in page
    assert "Predicted, observed, weight:" in page
    assert "<td>weight</td>" in page
    # A part of the weight has no difference from all of it that says anything.
    assert "all +0.0000" not in page
    unweighted = render(review)
    assert "dog: 25 of 40 found" in unweighted
    assert "Predicted, observed, examples:" in unweighted
    assert "<span>examples</span>" in unweighted


def test_the_page_names_the_commonest_mistake_or_that_there_is_none(review, evaluation):
    page = render(review)
    assert "Confused most often:" in page
    assert ">dog predicted as &lt;/script&gt;" in page
    plots = evaluation.plots[0].model_copy(update={"confusion": ((3.0, 0.0), (0.0, 2.0))})
    right = evaluation.model_copy(update={"plots": (plots,)})
    assert "No class is confused with another." in render(review.model_copy(update={"evaluation": right}))
