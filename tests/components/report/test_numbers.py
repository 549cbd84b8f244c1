"""What the report says and shows of a model that predicts a number."""

import pytest
from browser import charts, column, needs_chromium, opened
from report_samples import NASTY, check, curves

from components.outcome import Decision, NumberScores, Yardstick
from components.report import words
from components.report.decision import check_rows
from components.report.headline import headline_warnings, tiles
from components.report.page import render
from components.report.review import (
    DataReview,
    Errors,
    EvaluationReview,
    FeatureStatistics,
    HistogramBar,
    Metric,
    Miss,
    Review,
    Sample,
    SliceResult,
    Tenth,
    TrainingReview,
)
from components.report.run_view import RunView

GUESS = {
    "kind": "better_than_guessing",
    "metric": "rmse",
    "value": 20543.2,
    "bound": 41000.7,
    "low": 9e8,
    "high": 1.6e9,
}


def of_slice(name, count, mae, bias=0.0, baseline=None):
    return SliceResult(
        name=name,
        count=count,
        metrics={
            "rmse": Metric(value=mae * 1.25, low=mae, high=mae * 1.5),
            "mae": Metric(value=mae, low=mae * 0.9, high=mae * 1.1),
            "r2": Metric(value=0.749, low=0.7, high=0.8) if name == "all examples" else Metric(value=None),
            "mean_error": Metric(value=bias, low=bias - 500, high=bias + 500),
            "median_absolute_error": Metric(value=mae * 0.8),
        },
        baseline=baseline or {},
    )


@pytest.fixture
def evaluation():
    return EvaluationReview(
        decision=Decision(
            blessed=True,
            metrics={"rmse": 20543.2},
            checks=(check(**GUESS), check(metric="r2", kind="max_drop", value=0.749, bound=0.02, baseline=0.7512)),
            baseline_uri="model/1",
        ),
        class_names=(),
        label="price",
        guessing=41000.7,
        slices=(
            of_slice("all examples", 400, 16434.5, baseline={"mae": 17000.0}),
            of_slice("town=Bonn", 200, 12000.0, 900),
            of_slice("town=Rome", 160, 24000.0, -2500),
            of_slice("town=Oslo", 9, 40000.0, 9000),
        ),
    )


@pytest.fixture
def errors():
    sample = Sample(label="9e5", place="rows.csv, line 7", columns={"rooms": "4", NASTY: NASTY})
    return Errors(
        seen=400,
        worst=(
            Miss(sample=sample, actual=900000.0, predicted=310000.4),
            Miss(sample=sample, actual=5.0, predicted=7e4),
        ),
        worst_share=0.42,
        points=tuple((1000.0 * number, 1100.0 * number) for number in range(1, 300)),
        tenths=tuple(Tenth(examples=40, predicted=1e4 * n, actual=1.1e4 * n) for n in range(1, 11)),
        bars=tuple(HistogramBar(low=n * 100, high=n * 100 + 100, count=20 - abs(n)) for n in range(-20, 20)),
        beyond=3,
        lowest=10_000,
        highest=500_000,
        outside=2,
        distinct=398,
    )


@pytest.fixture
def review(evaluation, errors):
    metrics = {
        "loss": (1.1, 0.6, 0.3),
        "mse": (1.0, 0.5, 0.2),
        "val_mse": (0.9, 0.5, 0.4),
        "val_loss": (0.9, 0.6, 0.5),
        "mae": (0.8, 0.5, 0.3),
        "val_mae": (0.8, 0.6, 0.4),
    }
    found = curves(metrics=metrics, epochs=(1, 2, 3), fine_tuning_starts_at=None, crossentropy="mse", model="small")
    label = [
        FeatureStatistics(
            name="label",
            split=split,
            kind="number",
            present=100,
            missing=0,
            mean=2e5,
            deviation=4e4,
            lowest=1e4,
            median=1.9e5,
            highest=5e5,
            zeros=0,
            histogram=(HistogramBar(low=1e4, high=2e5, count=60), HistogramBar(low=2e5, high=5e5, count=40)),
        )
        for split in ("train", "eval", "test")
    ]
    return Review(
        pipeline="houses",
        data=DataReview(
            found=600,
            counts={"train": {"": 100}, "eval": {"": 100}, "test": {"": 400}},
            statistics=tuple(label),
            samples={"": (Sample(label="123456", place="rows.csv, line 2", columns={"rooms": "3"}),)},
        ),
        training=TrainingReview(curves=found, compared={"small": found, "large": found}),
        evaluation=evaluation,
        errors=errors,
        pushed_to="/pushed/3",
    )


def test_the_headline_has_the_error_its_interval_and_what_it_is_beside(review):
    scores = {"trees": NumberScores(rmse=19000.4, r2=0.8), "guessing": NumberScores(rmse=41100, r2=0)}
    beside = review.model_copy(update={"yardstick": Yardstick(seed=0, models=scores)})
    model, guessing, blessed, test = tiles(beside, RunView())
    assert (model.title, model.value) == ("RMSE of price", "20,543")
    assert model.notes == ("95 % interval 16,434 to 24,652", "R2 0.7490")
    assert (guessing.value, guessing.state) == ("41,001", "good")
    assert guessing.notes[0] == "always predicting the mean"
    assert guessing.notes[2] == "best simple model: trees 19,000"
    assert (blessed.value, test.value) == ("none", "400")
    assert test.notes == ("train 100; eval 100",)


def test_a_model_that_may_be_no_better_than_the_mean_is_warned_of(review):
    poor = review.evaluation.decision.model_copy(update={"checks": (check(**{**GUESS, "low": -1, "passed": False}),)})
    evaluation = review.evaluation.model_copy(update={"decision": poor})
    assert headline_warnings(review.model_copy(update={"evaluation": evaluation}))[0] == (
        "The model is not distinguishable from guessing: RMSE 20,543 (95 % interval 16,434 to 24,652), guessing 41,001."
    )


def test_guessing_is_a_check_of_its_own(review):
    (guess, drop), _ = check_rows(review.evaluation)
    assert (guess.bound, guess.found.low) == ("better than guessing, 41,001", 16434.5)
    assert (drop.bound, drop.state) == ("falls by at most 0.02", "passed")


def test_the_slices_that_cost_the_most_are_named(evaluation):
    first, second = words.worst_slices(evaluation)
    assert first.startswith("town=Rome: mean absolute error 24,000, 7,566 above all examples, on 160 examples.")
    assert "21,600 to 26,400, excludes" in first
    assert second.startswith(
        "town=Oslo: mean absolute error 40,000, 23,566 above all examples, on 9 examples. Too small"
    )


def test_slices_where_predictions_are_off_to_one_side_are_named(evaluation):
    assert words.worst_by_other_metrics(evaluation) == [
        "town=Rome: on the whole 2,500 too little is predicted (prediction - label: its 95 % interval is -3,000 to "
        "-2,000), on 160 examples.",
        "town=Bonn: on the whole 900.0 too much is predicted (prediction - label: its 95 % interval is 400.0 to "
        "1,400), on 200 examples.",
    ]


def test_what_no_check_looks_at_is_warned_of(review, evaluation, errors):
    assert words.error_warnings(review) == [
        "2 of 400 predictions are outside of what the training rows have (10,000 to 500,000)."
    ]
    poor = of_slice("all examples", 400, 5.0, 900)
    poor = poor.model_copy(update={"metrics": {**poor.metrics, "r2": Metric(value=0.01, low=-0.02, high=0.04)}})
    found = words.error_warnings(
        review.model_copy(
            update={
                "evaluation": evaluation.model_copy(update={"slices": (poor,)}),
                "errors": errors.model_copy(update={"distinct": 1, "outside": 0}),
            }
        )
    )
    assert found == [
        "The model predicts the same number for every test row: it tells nothing apart.",
        "R2 isn't distinguishable from 0, what always predicting the mean reaches: its 95 % interval is -0.0200 to "
        "0.0400.",
        "On the whole 900.0 too much is predicted (prediction - label: its 95 % interval is 400.0 to 1,400).",
    ]


def test_how_the_squared_error_is_shared_out_is_said(review):
    assert words.misses(review) == (
        "400 test rows were looked at; the hundredth of them with the largest errors has 42% of the squared error. "
        "Shown are the 2 with the largest absolute errors."
    )


@needs_chromium
@pytest.mark.parametrize(("dark", "width"), [(False, 1200), (True, 390)])
def test_the_page_shows_every_chart_and_nothing_is_wider_than_the_screen(review, tmp_path, dark, width):
    path = tmp_path / "report.html"
    path.write_text(render(review, RunView()), encoding="utf-8")
    with opened(path, dark=dark, width=width) as page:
        drawn = charts(page)
        assert set(drawn) == {
            *("slices", "predicted-actual", "residuals", "label", "compared"),
            *("training-loss", "training-mae"),
        }
        assert all(drawn.values()), drawn
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert page.inner_text("#tiles").split("\n")[:2] == ["RMSE of price", "20,543"]
        assert column(page, "misses", 0) == ["rows.csv, line 7"] * 2
        assert [float(error) for error in column(page, "misses", 1)] == pytest.approx([-589999.6, 69995])
        page.click("#misses th:nth-child(4) button")
        assert column(page, "misses", 3) == ["900000.0", "5.0"]
        assert "accuracy" not in page.inner_text("#slices").lower()
        assert "cross-entropy" not in page.inner_text("#training").lower()
        for words_of_classes in ("wrong", "misclassified", "class "):
            assert words_of_classes not in page.inner_text("#mistakes")
