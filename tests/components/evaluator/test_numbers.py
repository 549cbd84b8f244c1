"""Models that predict a number are judged: thresholds, guessing, the last blessed model, slices."""

import re

import numpy as np
import pytest

from components.errors import TransferlineError
from components.evaluator.config import Evaluation, Threshold
from components.evaluator.decision import read_decision
from components.evaluator.residuals import Moments
from components.evaluator.results import read_moments

RIGHT = [(90.0, 91.0), (100.0, 101.0), (120.0, 119.0), (70.0, 69.0)]
ANY = (Threshold(metric="mae", at_most=1000),)


def noisy(count, noise):
    chance = np.random.default_rng(0)
    labels = chance.normal(100, 10, count)
    return list(zip(labels, labels + chance.normal(0, noise, count), strict=True))


def test_thresholds_bound_them_from_either_side(evaluate, write_numbers, save_number_model):
    evaluation, blessing = evaluate(
        Evaluation(
            thresholds=(
                Threshold(metric="rmse", at_most=1.0),
                Threshold(metric="r2", at_least=0.999),
                Threshold(metric="mean_error", at_least=-0.5, at_most=0.5),
            )
        ),
        write_numbers(RIGHT),
        save_number_model("model"),
    )
    decision = read_decision(evaluation.uri)
    assert [(check.metric, check.kind, check.passed) for check in decision.checks] == [
        ("rmse", "at_most", True),
        ("r2", "at_least", False),
        ("mean_error", "at_least", True),
        ("mean_error", "at_most", True),
    ]
    assert not decision.blessed
    assert decision.metrics == pytest.approx(
        {
            "example_count": 4,
            "mse": 1,
            "rmse": 1,
            "mae": 1,
            "r2": 1 - 4 / 1300,
            "mean_error": 0,
            "median_absolute_error": 1,
            "absolute_error_p90": 1,
        }
    )
    assert blessing.get_int_custom_property("blessed") == 0


@pytest.mark.parametrize(
    ("noise", "blessed", "said"),
    [
        (5, True, "The model is better than guessing: its RMSE is "),
        (9.7, False, "The model is not distinguishable from guessing: "),
        (30, False, "The model is worse than guessing: "),
    ],
)
def test_a_model_that_is_no_better_than_the_mean_is_not_blessed(
    evaluate, write_numbers, save_number_model, noise, blessed, said
):
    rows = noisy(100, noise)
    evaluation, _ = evaluate(
        Evaluation(thresholds=ANY, better_than_guessing=True), write_numbers(rows), save_number_model("model")
    )
    decision = read_decision(evaluation.uri)
    check = decision.checks[0]
    assert (check.metric, check.kind, check.passed) == ("rmse", "better_than_guessing", blessed)
    labels, answers = np.array(rows).T
    assert (check.value, check.bound) == pytest.approx(
        (np.sqrt(((answers - labels) ** 2).mean()), labels.std()), rel=1e-5
    )
    assert check.low < check.bound**2 - check.value**2 < check.high
    assert decision.blessed == blessed
    assert check.guessing.startswith(said)


def test_a_number_may_be_predicted_worse_than_by_guessing(evaluate, write_numbers, save_number_model):
    wrong = [(label, 1000.0 - label) for label, _ in noisy(100, 1)]
    evaluation, _ = evaluate(
        Evaluation(thresholds=ANY, better_than_guessing=True), write_numbers(wrong), save_number_model("model")
    )
    said = read_decision(evaluation.uri).checks[0].guessing
    assert said.startswith("The model is worse than guessing: its RMSE is ")
    found = re.search(r"squared error is higher by \S+ \(95 % interval ([\d.]+) to ([\d.]+)\)", said.replace(",", ""))
    low, high = map(float, found.groups())
    assert 0 < low < high


def test_the_change_is_held_against_the_last_model_of_the_same_number(evaluate, write_numbers, save_number_model):
    evaluation, _ = evaluate(
        Evaluation(thresholds=(Threshold(metric="rmse", max_rise=0.0), Threshold(metric="r2", max_drop=0.0))),
        write_numbers(RIGHT),
        save_number_model("model"),
        save_number_model("baseline", factor=1.01, middle=55.0),  # trained on other rows
    )
    decision = read_decision(evaluation.uri)
    assert decision.blessed
    assert decision.baseline_uri.endswith("baseline")
    assert [check.baseline for check in decision.checks] == pytest.approx([1.398249, 0.993984], rel=1e-5)
    errors = decision.paired.errors
    assert errors.difference == pytest.approx(decision.metrics["mse"] - 1.398249**2, rel=1e-4)
    assert errors.low < errors.difference < errors.high


def test_one_of_another_column_or_of_classes_is_no_model_to_compare_with(
    evaluate, write_features, save_number_model, save_model
):
    rows = [{"label": [label], "answer": [answer], "scores": [0.5, 0.5], "id": [1]} for label, answer in RIGHT]
    examples = write_features(rows)
    change = Evaluation(thresholds=(Threshold(metric="rmse", at_most=2, max_rise=0.0),))
    for baseline in save_number_model("of_weights", factor=0.999, label="weight"), save_model("of_classes", 2):
        evaluation, _ = evaluate(change, examples, save_number_model("model"), baseline)
        decision = read_decision(evaluation.uri)
        assert decision.baseline_uri == ""
        assert [check.is_not_compared for check in decision.checks] == [False, True]
    classes = Evaluation(thresholds=(Threshold(metric="crossentropy", at_most=2, max_rise=0.0),))
    evaluation, _ = evaluate(classes, examples, save_model("candidate", 2), save_number_model("of_numbers"))
    assert read_decision(evaluation.uri).baseline_uri == ""


def test_slices_have_sums_of_their_own(evaluate, write_numbers, save_number_model):
    rows = [(*row, {"place": [place]}) for row, place in zip(RIGHT, "abba", strict=True)]
    evaluation, _ = evaluate(
        Evaluation(thresholds=(Threshold(metric="mae", slice="place", at_most=2),), slices=("place",)),
        write_numbers(rows),
        save_number_model("model"),
    )
    moments = read_moments(evaluation.uri, "")
    assert set(moments) == {"all examples", "place=a", "place=b"}
    assert all(isinstance(each, Moments) for each in moments.values())
    assert moments["place=b"].label_variance == pytest.approx(100)


@pytest.mark.parametrize(
    ("evaluation", "cause", "cure"),
    [
        (
            Evaluation(thresholds=(Threshold(metric="accuracy", at_least=0.5),)),
            "A threshold names accuracy, which isn't measured for a number to predict",
            "median_absolute_error",
        ),
        (Evaluation(thresholds=ANY, slices=("label",)), "A slice by the label would hold one number each", "quarters"),
    ],
)
def test_what_means_classes_is_refused(evaluate, write_numbers, save_number_model, evaluation, cause, cure):
    with pytest.raises(TransferlineError, match=cause) as caught:
        evaluate(evaluation, write_numbers(RIGHT), save_number_model("model"))
    assert cure in caught.value.cure


def test_a_metric_of_numbers_is_none_of_classes(evaluate, write_examples, save_model):
    with pytest.raises(TransferlineError, match="names rmse, which isn't measured for 2 classes"):
        evaluate(
            Evaluation(thresholds=(Threshold(metric="rmse", at_most=1),)),
            write_examples([("cat", 0, [0.9, 0.1])]),
            save_model("model", 2),
        )


def test_an_answer_that_is_no_finite_number_is_an_error(evaluate, write_numbers, save_number_model):
    with pytest.raises(RuntimeError, match="The model answers with what is no finite number to at least 1 examples"):
        evaluate(Evaluation(thresholds=ANY), write_numbers([*RIGHT, (1.0, np.inf)]), save_number_model("model"))


def test_errors_are_paired_by_their_weights(evaluate, write_numbers, save_number_model):
    """The rows that weigh the most are those that the baseline is right of."""
    chance = np.random.default_rng(0)
    labels, weights = chance.normal(100, 10, 400), np.where(np.arange(400) < 40, 50.0, 1.0)
    answers = labels + chance.normal(0, np.where(weights > 1, 8, 3))
    befores = labels + chance.normal(0, 5, 400)
    rows = [
        (label, answer, {"before": [float(before)], "w": [float(weight)]})
        for label, answer, before, weight in zip(labels, answers, befores, weights, strict=True)
    ]
    evaluation, _ = evaluate(
        Evaluation(thresholds=(Threshold(metric="rmse", at_most=100),)),
        write_numbers(rows),
        save_number_model("model"),
        save_number_model("baseline", reads="before"),
        example_weight="w",
    )
    errors = read_decision(evaluation.uri).paired.errors
    gains = (answers - labels) ** 2 - (befores - labels) ** 2
    assert errors.difference == pytest.approx(np.average(gains, weights=weights), rel=1e-4)
    again = [np.average(gains[chosen], weights=weights[chosen]) for chosen in chance.integers(400, size=[2000, 400])]
    assert errors.high - errors.low == pytest.approx(2 * 1.96 * np.std(again), rel=0.15)
