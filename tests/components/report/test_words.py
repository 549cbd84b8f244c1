import pytest
from report_samples import NASTY, check, curves

from components.answering import Answering
from components.evaluator.metric_names import metric_names
from components.ingest.report import Conflicts, LongCells
from components.operating_point import AtPrecision, AtRecall, LeastCost, Maximize
from components.outcome import Failure, Paired, PairedErrors
from components.report import words
from components.report.page import render
from components.report.review import Metric, Review, TrainingReview
from components.report.run_view import RunView


def test_the_verdict_says_how_many_checks_failed(review, run_view):
    state, sentence = words.verdict(review, run_view)
    assert (state, sentence.split(",")[0]) == ("not_blessed", "1 of 2 checks failed")


def test_classes_that_miss_a_split_and_conflicts_are_warned_of(review):
    data = review.data.model_copy(update={"conflicts": Conflicts(groups=2, records=32, outvoted=8)})
    missing, conflicts = words.data_warnings(data)
    assert missing == f"1 class misses a split: '{NASTY}' (train 60, eval 0, test 0)."
    assert conflicts.startswith("32 of 128 records (25.0%) conflict with another one")
    long = LongCells(column="town", given=90, cells=1, longest=400, first=("a.csv, line 2",))
    data = review.data.model_copy(update={"conflicts": Conflicts(), "long_cells": (long,)})
    assert words.data_warnings(data) == [
        missing,
        "1 cell of the column 'town', of 90, is too long for the name of a category, up to 400 bytes: a.csv, line 2.",
    ]


def test_a_blessed_model_that_was_pushed(review):
    decision = review.evaluation.decision.model_copy(update={"blessed": True, "checks": (check(), check())})
    blessed = review.evaluation.model_copy(update={"decision": decision})
    pushed = review.model_copy(update={"evaluation": blessed, "pushed_to": "/pushed/3"})
    assert words.verdict(pushed, RunView()) == ("pushed", "All 2 checks passed. The model is in /pushed/3.")
    gone = "All 2 checks passed. The model was pushed to /pushed/3, and is no longer kept there."
    assert words.verdict(pushed, RunView(pushed_is_kept=False)) == ("pushed", gone)


def test_a_check_without_an_earlier_model_counts_as_neither(review):
    drop = check(kind="max_drop", bound=0.02)
    decision = review.evaluation.decision.model_copy(update={"blessed": True, "checks": (check(), check(), drop)})
    blessed = review.evaluation.model_copy(update={"decision": decision})
    pushed = review.model_copy(update={"evaluation": blessed, "pushed_to": "/pushed/3"})
    _, sentence = words.verdict(pushed, RunView())
    assert sentence.startswith("All 2 checks passed; 1 more check had no earlier model to compare with.")
    assert drop.is_not_compared
    assert not drop.model_copy(update={"baseline": 0.7}).is_not_compared


def test_a_failure_comes_before_everything(review):
    run = RunView(failure=Failure(cause="disk full", place="Trainer"))
    assert words.verdict(review, run)[0] == "failed"
    assert words.verdict(Review(pipeline="a"), RunView())[0] == "unfinished"


@pytest.mark.parametrize(
    ("cause", "sentence"),
    [
        ("disk full", "The run failed after its model was pushed to /pushed/3: disk full (Report)"),
        ("Its model is in /pushed/3.", "The run failed: Its model is in /pushed/3. (Report)"),
    ],
)
def test_a_failure_after_the_push_says_where_the_model_is_once(review, cause, sentence):
    run = RunView(failure=Failure(cause=cause, place="Report"))
    pushed = review.model_copy(update={"pushed_to": "/pushed/3"})
    assert words.verdict(pushed, run) == ("failed_pushed", sentence)
    page = render(pushed, run)
    assert "Failed, but pushed" in page
    assert "not pushed" not in page


@pytest.mark.parametrize(
    ("count", "bounds", "beginning"),
    [
        (29, Metric(value=0.5, low=0.1, high=0.9), "Too small to trust"),
        (30, Metric(value=0.5, low=0.1, high=0.9), "The 95 % interval, 0.1000 to 0.9000, includes"),
        (30, Metric(value=0.5, low=0.4, high=0.6), "The 95 % interval, 0.4000 to 0.6000, excludes"),
        (30, Metric(value=0.5), "No interval"),
    ],
)
def test_how_far_a_slice_can_be_trusted(count, bounds, beginning):
    assert words.trust(count, bounds, 0.8).startswith(beginning)


@pytest.mark.parametrize(
    ("training", "validation", "judged"),
    [
        ((0.5, 0.3, 0.1), (0.6, 0.4, 0.9), "it overfitted"),
        ((0.5, 0.3, 0.1), (0.6, 0.4, 0.3), "it didn't overfit"),
        ((0.5, 0.3, 0.44), (0.6, 0.4, 0.45), "it didn't overfit"),
    ],
)
def test_whether_it_overfitted(training, validation, judged):
    found = curves(metrics={"loss": training, "val_loss": validation}, epochs=(1, 2, 3), best_epoch=2)
    (sentence,) = words.overfitting(TrainingReview(curves=found))
    assert judged in sentence
    assert sentence.endswith("The weights of epoch 2, the best, were kept.")


def test_a_model_that_the_tuner_trained_is_told():
    (sentence,) = words.overfitting(TrainingReview(curves=curves(trained_by="Tuner")))
    assert sentence.endswith("were kept. The Tuner trained it, and the Trainer took it over.")


def test_a_model_that_hardly_learned_is_told():
    found = curves(metrics={"loss": (0.71, 0.699, 0.693), "val_loss": (0.7, 0.695, 0.693)}, epochs=(1, 2, 3))
    for initial, what in (({"loss": 0.7, "val_loss": 9.0}, "training"), ({"val_loss": 0.7}, "validation")):
        training = TrainingReview(curves=found.model_copy(update={"initial": initial}))
        (sentence,) = words.overfitting(training)
        assert f"it hardly learned, since the {what} loss began at 0.7000" in sentence


@pytest.mark.parametrize("losses", [(0.08,), (0.04, 0.0395, 0.039)])
def test_what_was_learned_in_the_first_epoch_counts(losses):
    metrics, epochs = {"loss": losses, "val_loss": losses}, tuple(range(1, len(losses) + 1))
    found = curves(metrics=metrics, epochs=epochs, best_epoch=1, initial={"val_loss": 0.74})
    (sentence,) = words.overfitting(TrainingReview(curves=found))
    assert "it didn't overfit" in sentence


def test_slices_that_are_worse_in_another_metric_are_named_if_they_are_large_enough(evaluation):
    assert words.worst_by_other_metrics(evaluation) == []

    def with_recall(found, value):
        recall = Metric(value=value, low=value - 0.1, high=value + 0.1)
        return found.model_copy(update={"metrics": {**found.metrics, "recall": recall}})

    recalls = (0.75, 0.7, 0.36, 0.1)  # as good as all, worse, worse on 8 examples
    slices = tuple(with_recall(found, value) for found, value in zip(evaluation.slices, recalls, strict=True))
    (sentence,) = words.worst_by_other_metrics(evaluation.model_copy(update={"slices": slices}))
    assert sentence.startswith("label=dog: recall 0.3600, 0.3900 below all examples, on 40 examples.")


@pytest.mark.parametrize(
    ("paired", "said"),
    [
        (
            Paired(examples=61, better=4, worse=2, chance=0.6875),
            "in 69 of 100 tests (McNemar's exact test): that may be chance.",
        ),
        (
            Paired(examples=61, better=10, worse=0, chance=0.00195),
            "in fewer than 1 of 100 tests (McNemar's exact test): it is better.",
        ),
        (
            Paired(examples=61, better=1, worse=9, chance=0.0215),
            "in 2 of 100 tests (McNemar's exact test): it is worse.",
        ),
        (
            Paired(examples=61, better=1, worse=2, chance=0.0503),
            "in 5.03 of 100 tests (McNemar's exact test): that may be chance.",
        ),
        (
            Paired(examples=61, better=1, worse=2, chance=0.0499),
            "in 4.99 of 100 tests (McNemar's exact test): it is worse.",
        ),
        (Paired(examples=61), "on the same 61 test examples, it gets the same ones right."),
        (
            Paired(examples=61, errors=PairedErrors(difference=-2, low=-3, high=-1)),
            "its mean squared error differs by -2.000 (95 % interval -3.000 to -1.000): it is better.",
        ),
        (Paired(examples=61, errors=PairedErrors(difference=2, low=-3, high=7)), "to +7.000): that may be chance."),
        (Paired(examples=61, errors=PairedErrors(difference=4, low=1, high=7)), "to +7.000): it is worse."),
    ],
)
def test_whether_it_is_better_than_the_last_blessed_model_is_said_by_pairs(evaluation, paired, said):
    assert words.paired_sentence(paired).endswith(said)
    decision = evaluation.decision.model_copy(update={"paired": paired})
    assert words.notes(evaluation.model_copy(update={"decision": decision}))[0] == words.paired_sentence(paired)


def test_what_no_check_looks_at(evaluation):
    assert words.notes(evaluation) == []
    only_all = evaluation.model_copy(update={"decision": evaluation.decision.model_copy(update={"checks": (check(),)})})
    assert words.notes(only_all) == ["Every check covers all examples: a bad slice alone doesn't stop a push."]


def test_what_guessing_would_reach_is_said_where_the_headline_has_another_metric(evaluation):
    plots = evaluation.plots[0].model_copy(update={"confusion": ((90, 0), (5, 5))})
    found = words.notes(evaluation.model_copy(update={"plots": (plots,)}))
    assert found == ["For comparison: predicting dog for every example would give an accuracy of 0.9000."]


def test_the_slices_that_cost_the_most_come_first(evaluation):
    """Eight examples that are all but lost cost less than forty that are a good deal worse."""
    first, second = words.worst_slices(evaluation)
    assert first.startswith("label=dog: accuracy 0.5250, 0.2250 below all examples, on 40 examples.")
    assert "statistically significant at the 5 % level" in first
    assert second.startswith(
        "place=here: accuracy 0.2500, 0.5000 below all examples, on 8 examples. Too small to trust"
    )


def test_a_slice_is_told_with_its_meaning(evaluation):
    slices = [each.model_copy(update={"meaning": "width from 3 to 9"}) for each in evaluation.slices]
    first, _ = words.worst_slices(evaluation.model_copy(update={"slices": tuple(slices)}))
    assert first.startswith("label=dog (width from 3 to 9): accuracy")


def test_large_classes_that_are_missed_are_named_with_what_they_are_taken_for(evaluation):
    plots = evaluation.plots[0].model_copy(update={"confusion": ((3, 20, 17), (0, 60, 0), (2, 0, 0))})
    many = evaluation.model_copy(update={"plots": (plots,), "class_names": ("dog", "cat", "eel")})
    assert words.worst_classes(many) == [
        "dog: 3 of 40 found (recall 0.0750), most often predicted as cat (20).",
        "eel: 0 of 2 found (recall 0.0000), most often predicted as dog (2).",
    ]


def test_what_a_run_did_not_come_to(review):
    assert words.not_reached(review) == ""
    assert words.not_reached(review.model_copy(update={"evaluation": None})) == "evaluation"
    assert words.not_reached(Review(pipeline="pets", data=review.data)) == "training and evaluation"
    assert words.not_reached(Review(pipeline="pets")) == "its data was read"


def test_weights_that_were_kept_too_late_are_told():
    def told(best_epoch):
        metrics = {"loss": (0.5, 0.3, 0.1), "val_loss": (0.6, 0.4, 0.9)}
        return words.kept_too_late(curves(metrics=metrics, epochs=(1, 2, 3), best_epoch=best_epoch))

    assert told(None) == (
        "It overfitted: the weights are those of epoch 3, with a validation loss of 0.9000; the lowest was 0.4000, in "
        "epoch 2."
    )
    assert told(2) == ""


def test_classes_that_are_never_predicted_are_named(evaluation):
    plots = evaluation.plots[0].model_copy(update={"confusion": ((30, 0, 10), (3, 0, 4), (1, 0, 5))})
    three = evaluation.model_copy(update={"plots": (plots,), "class_names": ("dog", "cat", "eel")})
    assert words.warnings(three) == ["The model predicts no test example as cat (7); in brackets, how many there are."]


def test_weights_of_classes_are_told_with_the_curves():
    def sentence(**changes):
        return words.weighted_loss(TrainingReview(curves=curves(**changes)))

    assert sentence() == ""
    assert "(no 0.51, yes 25.5), in training and in validation" in sentence(class_weights={"no": 0.51, "yes": 25.5})


def test_every_metric_has_a_name_and_a_meaning():
    always = {*metric_names(2), *metric_names(7)} - {"example_count"}
    others = [name for name in always if not name.startswith("top_")]
    assert set(others) <= set(words.MEANINGS)
    assert set(others) <= set(words.METRICS)
    assert words.metric_title("recall_at_precision_0.9") == "Recall at precision 0.9"


def test_a_model_that_ranks_the_wrong_way_round_is_told(evaluation):
    overall = evaluation.slices[0].model_copy(update={"metrics": {"auc": Metric(value=0.12, low=0.08, high=0.16)}})
    (sentence,) = words.warnings(evaluation.model_copy(update={"slices": (overall,)}))
    assert sentence.startswith("The AUC of 0.1200 is below chance (0.5), by its 95 % interval of 0.0800 to 0.1600")


def test_a_model_that_tells_nothing_apart_is_told(evaluation):
    assert words.warnings(evaluation) == []
    plots = evaluation.plots[0].model_copy(update={"confusion": ((0, 40), (0, 60))})
    overall = evaluation.slices[0].model_copy(update={"metrics": {"auc": Metric(value=0.5, low=0.4, high=0.6)}})
    found = words.warnings(evaluation.model_copy(update={"plots": (plots,), "slices": (overall,)}))
    assert [sentence.split(":")[0] for sentence in found] == [
        f"The model predicts {NASTY} for every test example",
        "The AUC of 0.5000 isn't distinguishable from chance (0.5)",
    ]


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (Maximize(metric="f1"), "the highest f1"),
        (AtPrecision(precision=0.9), "a precision of 0.9 or more"),
        (AtRecall(recall=0.8), "a recall of 0.8 or more"),
        (
            LeastCost(false_positive=1, false_negative=20),
            "the least cost, 1 a false positive and 20 a false negative",
        ),
    ],
)
def test_the_cut_is_told_with_what_it_was_chosen_for(review, asked, said):
    evaluation = review.evaluation.model_copy(update={"answering": Answering(cut=0.0197, operating_point=asked)})
    (sentence,) = words.answering(evaluation)
    assert sentence == (
        f"{evaluation.class_names[1]} is answered where its probability is above 0.0197, chosen on the validation "
        f"split for {said}."
    )
