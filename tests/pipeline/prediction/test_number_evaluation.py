from dataclasses import replace

import numpy as np
import pytest
from sklearn import metrics

from components.ingest.report import Quarantined
from components.task import ServedTask
from pipeline.prediction.number_evaluation import evaluate_numbers
from pipeline.prediction.results import Prediction

TASK = ServedTask(task="regression", label="price", lowest=90, highest=110)


def predictions(labels, answers):
    return [
        Prediction("rows.csv", "", {}, row=row, value=float(answer), actual_value=float(label))
        for row, (label, answer) in enumerate(zip(labels, answers, strict=True), start=1)
    ]


def test_they_are_those_of_scikit_learn():
    chance = np.random.default_rng(0)
    labels = chance.normal(100, 10, 301)
    answers = labels + chance.normal(1, 5, 301)
    told, fault = [], Quarantined(place="rows.csv, line 9", reason="the label price is missing")
    both = predictions(labels, answers)
    result = evaluate_numbers([both[:100], [fault], both[100:], []], TASK, "pushed/3", told.append)
    assert (result.evaluated, result.quarantined, result.label, told) == (301, 1, "price", [fault])
    found = {name: metric.value for name, metric in result.metrics.items()}
    assert found == pytest.approx(
        {
            "rmse": metrics.mean_squared_error(labels, answers) ** 0.5,
            "mae": metrics.mean_absolute_error(labels, answers),
            "r2": metrics.r2_score(labels, answers),
            "mean_error": (answers - labels).mean(),
            "median_absolute_error": metrics.median_absolute_error(labels, answers),
            "absolute_error_p90": np.quantile(np.abs(answers - labels), 0.9, method="averaged_inverted_cdf"),
        },
        rel=1e-3,
    )
    assert result.metrics["rmse"].low < found["rmse"] < result.metrics["rmse"].high
    assert result.guessing == pytest.approx(labels.std())
    assert result.outside == ((labels < 90) | (labels > 110)).sum()


def test_where_nothing_could_be_evaluated_there_is_nothing_to_say():
    result = evaluate_numbers([[Quarantined(place="a", reason="b")]], TASK, "pushed/3", lambda _: None)
    assert (result.evaluated, result.quarantined, result.metrics, result.guessing) == (0, 1, {}, None)


def test_rows_with_one_label_have_no_r2():
    result = evaluate_numbers([predictions([5, 5], [4, 7])], TASK, "pushed/3", print)
    assert result.metrics["r2"].value is None
    assert result.metrics["mae"].value == 1.5


def test_records_count_by_their_weights():
    labels, answers = np.array([1.0, 2.0, 5.0]), np.array([2.0, 2.0, 3.0])
    weights = [1.0, 2.0, 3.0]
    rows = [replace(each, weight=weight) for each, weight in zip(predictions(labels, answers), weights, strict=True)]
    result = evaluate_numbers([rows], TASK, "pushed/3", print, weighted=True)
    assert (result.evaluated, result.weight) == (3, 6)
    assert result.metrics["mae"].value == pytest.approx((1 * 1 + 2 * 0 + 3 * 2) / 6)
    assert result.metrics["r2"].value == pytest.approx(metrics.r2_score(labels, answers, sample_weight=weights))
    assert result.guessing == pytest.approx(np.average((labels - 20 / 6) ** 2, weights=weights) ** 0.5)
    assert evaluate_numbers([rows], TASK, "pushed/3", print).metrics["mae"].value == pytest.approx(1)


def test_where_nothing_weighs_anything_there_is_nothing_to_say():
    rows = [replace(each, weight=0.0) for each in predictions([1, 2], [2, 2])]
    result = evaluate_numbers([rows], TASK, "pushed/3", print, weighted=True)
    assert (result.evaluated, result.weight, result.metrics, result.guessing) == (2, 0, {}, None)


def test_labels_far_from_those_of_training_have_their_metrics():
    labels = np.random.default_rng(0).normal(100, 30, 50)
    far = ServedTask(task="regression", label="price", lowest=0, highest=1e12)
    result = evaluate_numbers([predictions(labels, labels + 1)], far, "pushed/3", print)
    assert result.metrics["r2"].value == pytest.approx(metrics.r2_score(labels, labels + 1))
