"""The four numbers at the top, and the warnings under them."""

import pytest
from report_samples import NASTY, curves

from components.column_roles import ColumnUse
from components.operating_point import AtRecall
from components.outcome import Scores, Yardstick
from components.report.headline import headline_warnings, score_of, tiles
from components.report.review import DataReview, Metric, Review, TrainingReview
from components.report.run_view import RunView, Served

RUN = RunView(run_id="20260102T000000-00001")


def shown(review, run=RUN):
    return {tile.title: tile for tile in tiles(review, run)}


def with_confusion(evaluation, *rows):
    plots = evaluation.plots[0].model_copy(update={"confusion": rows})
    return evaluation.model_copy(update={"plots": (plots,)})


def test_a_first_run_has_the_metric_guessing_nothing_served_and_the_test(review):
    found = shown(review)
    assert list(found) == ["Accuracy", "Guessing", "Still served", "Test examples"]
    assert found["Accuracy"].value == "0.7500"
    assert found["Accuracy"].notes[0].startswith("95 % interval 0.65")
    assert (found["Guessing"].value, found["Guessing"].state) == ("0.6000", "good")
    assert found["Guessing"].notes[0] == f"always predicting {NASTY}"
    assert found["Still served"].value == "nothing"
    assert found["Test examples"].value == "100"
    assert found["Test examples"].notes == (f"fewest of a class: 0 of {NASTY}", "train 100; eval 5")


def test_where_one_class_has_most_examples_the_balanced_accuracy_counts(review):
    evaluation = with_confusion(review.evaluation, (85, 3), (11, 1))
    found = shown(review.model_copy(update={"evaluation": evaluation}))
    assert found["Balanced accuracy"].value == f"{(85 / 88 + 1 / 12) / 2:.4f}"
    assert "accuracy 0.7500" in found["Balanced accuracy"].notes
    assert (found["Guessing"].value, found["Guessing"].state) == ("0.5000", "bad")


def test_areas_and_the_best_simple_model_stand_beside(review):
    overall, *others = review.evaluation.slices
    metrics = {**overall.metrics, "auc": Metric(value=0.81)}
    slices = (overall.model_copy(update={"metrics": metrics}), *others)
    evaluation = review.evaluation.model_copy(update={"slices": slices})
    scores = {
        name: Scores(accuracy=accuracy, auc=None, crossentropy=1)
        for name, accuracy in (("trees", 0.77), ("logistic regression", 0.72), ("guessing", 0.6))
    }
    yardstick = Yardstick(seed=0, models=scores)
    found = shown(review.model_copy(update={"evaluation": evaluation, "yardstick": yardstick}))
    assert "AUC 0.8100" in found["Accuracy"].notes
    assert "best simple model: trees 0.7700" in found["Guessing"].notes
    answering = evaluation.answering.model_copy(update={"operating_point": AtRecall(recall=0.8)})
    cut = review.model_copy(
        update={"evaluation": evaluation.model_copy(update={"answering": answering}), "yardstick": yardstick}
    )
    assert not any("simple" in note for note in shown(cut)["Guessing"].notes)


def test_what_is_served_has_its_own_number(review):
    served = Served(version="17", run_id="20260101T000000-00001", metrics={"accuracy": 0.9, "example_count": 80})
    tile = shown(review, RUN.model_copy(update={"served": served}))["Still served"]
    assert tile.value == "0.9000"
    assert tile.notes == (
        "in its own run, on 80 test examples",
        "baseline: 0.7000 on the same examples",
        "version 17, made 2026-01-01 00:00 UTC",
    )


def test_what_is_served_and_was_compared_with_has_the_number_of_the_same_examples(review):
    served = Served(version="17", metrics={"accuracy": 0.9}, is_baseline=True, rolled_back=True)
    pushed = review.model_copy(update={"pushed_to": "/pushed/18"})
    tile = shown(pushed, RUN.model_copy(update={"served": served}))["Served before"]
    assert (tile.value, tile.state) == ("0.7000", "")  # within the interval of this model's
    assert tile.notes == ("on the same examples", "version 17, rolled back to")


def test_a_page_that_knows_only_artifacts_has_the_last_blessed_model(review):
    tile = shown(review, RunView())["Baseline"]
    assert (tile.value, tile.notes) == ("0.7000", ("on the same examples",))


def test_a_run_without_an_evaluation_has_no_tiles(review):
    assert tiles(review.model_copy(update={"evaluation": None}), RUN) == []


def test_warnings_begin_with_the_strongest(review):
    guessed = with_confusion(review.evaluation, (20, 20), (20, 40))
    decision = guessed.decision.model_copy(update={"not_compared": "This model isn't compared: with none."})
    guessed = guessed.model_copy(update={"decision": decision})
    uses = (ColumnUse(name="town", use="left out", why="named like a key"),)
    data = review.data.model_copy(update={"columns": uses})
    found = curves(metrics={"loss": (0.5, 0.3, 0.1), "val_loss": (0.6, 0.4, 0.9)}, epochs=(1, 2, 3))
    everything = {"evaluation": guessed, "data": data, "training": TrainingReview(curves=found)}
    assert [sentence.split(":")[0] for sentence in headline_warnings(review.model_copy(update=everything))] == [
        "The model is not distinguishable from guessing",
        "This model isn't compared",
        "It overfitted",
        "1 class misses a split",
        "Not learned from",
    ]
    assert headline_warnings(review.model_copy(update=everything))[0] == (
        "The model is not distinguishable from guessing: Accuracy 0.6000 (95 % interval 0.5020 to 0.6906), guessing "
        "0.6000."
    )


def test_worse_than_guessing_is_no_doubt(review):
    wrong = review.model_copy(update={"evaluation": with_confusion(review.evaluation, (5, 35), (45, 15))})
    assert headline_warnings(wrong)[0].startswith("The model is worse than guessing: Accuracy 0.2000")
    assert "the model is worse" in next(tile for tile in tiles(wrong, RUN) if tile.title == "Guessing").notes


def test_a_run_that_failed_early_is_warned_of_its_data_alone(review):
    early = Review(pipeline="pets", data=review.data)
    assert [sentence.split(":")[0] for sentence in headline_warnings(early)] == ["1 class misses a split"]
    assert headline_warnings(Review(pipeline="pets", data=DataReview())) == []


@pytest.mark.parametrize("metric", ["accuracy", "balanced_accuracy"])
def test_the_score_is_that_of_the_check(evaluation, metric):
    """What the Evaluator checks beside guessing is what the headline shows."""
    rows = ((85, 3), (11, 1)) if metric == "balanced_accuracy" else ((25, 15), (10, 50))
    score = score_of(with_confusion(evaluation, *rows))
    assert score.metric == metric
    assert score.is_better == (score.found.low > score.guessing)


def test_of_a_model_with_an_operating_point_the_balanced_accuracy_counts(evaluation):
    answering = evaluation.answering.model_copy(update={"operating_point": AtRecall(recall=0.9)})
    score = score_of(with_confusion(evaluation.model_copy(update={"answering": answering}), (35, 35), (1, 29)))
    assert (score.metric, score.guessing, score.is_better) == ("balanced_accuracy", 0.5, True)


def test_intervals_of_weighted_examples_are_those_of_the_effective_number(evaluation):
    overall, *others = evaluation.slices
    weighted = {**overall.metrics, "effective_example_count": Metric(value=8.0)}
    few = evaluation.model_copy(update={"slices": (overall.model_copy(update={"metrics": weighted}), *others)})
    rows = ((40, 10), (15, 35))
    assert score_of(with_confusion(evaluation, *rows)).is_better
    assert not score_of(with_confusion(few, *rows)).is_better


def test_without_examples_there_is_no_score(evaluation):
    assert score_of(evaluation.model_copy(update={"plots": ()})) is None
    assert score_of(with_confusion(evaluation, (0, 0), (0, 0))) is None
