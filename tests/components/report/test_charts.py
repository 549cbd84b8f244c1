import pytest

from components.report.charts import evaluation_charts, history
from components.report.review import EvaluationReview, SlicePlots


@pytest.mark.parametrize(("count", "words"), [(1, "once"), (2, "twice"), (1234, "1,234 times")])
def test_the_commonest_mistake_is_named(evaluation: EvaluationReview, count, words):
    plots = SlicePlots(name="all examples", confusion=((2000.0, float(count)), (0.0, 2000.0)))
    chart = {each.name: each for each in evaluation_charts(evaluation.model_copy(update={"plots": (plots,)}))}[
        "confusion"
    ]
    actual, predicted = evaluation.class_names
    assert chart.summary == f"Most often, {actual} is predicted as {predicted} ({words})."


def test_no_class_is_confused_where_every_prediction_is_right(evaluation: EvaluationReview):
    plots = SlicePlots(name="all examples", confusion=((3.0, 0.0), (0.0, 2.0)))
    *_, chart = evaluation_charts(evaluation.model_copy(update={"plots": (plots,)}))
    assert chart.summary == "No class is confused with another."


def test_the_runs_of_a_history_are_counted():
    one, two = ("run1", {"accuracy": 0.5}), ("run2", {"accuracy": 0.75})
    (chart,) = history([one])
    assert chart.summary == "accuracy over 1 run: first 0.5000, last 0.5000."
    (chart,) = history([one, two])
    assert chart.summary == "accuracy over 2 runs: first 0.5000, last 0.7500."
