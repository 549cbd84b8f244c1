import math
import os

import pytest
from tfx.orchestration.kubeflow.v2.container.kubeflow_v2_entrypoint_utils import refactor_model_blessing
from tfx.types import standard_artifacts

from components.answering import Answering, write_answering
from components.errors import TransferlineError
from components.evaluator.config import Evaluation, Threshold
from components.evaluator.decision import read_decision
from components.evaluator.results import read_metrics
from components.operating_point import AtRecall
from components.outcome import ALL_EXAMPLES, Paired, ThresholdCheck
from components.report.evaluation import read_evaluation
from components.report.headline import score_of

RIGHT = ("cat", 0, [0.9, 0.1]), ("dog", 1, [0.2, 0.8]), ("dog", 1, [0.3, 0.7])
WRONG = ("dog", 1, [0.6, 0.4])
"""Accuracy 0.75 over all, 1 for cats, 2/3 for dogs."""


def checks_by_slice(artifact):
    return {(check.slice, check.kind): check for check in read_decision(artifact.uri).checks}


def test_two_classes_with_bounds_overall_and_by_slice(evaluate, write_examples, save_model):
    thresholds = (
        Threshold(metric="accuracy", at_least=0.7, at_most=0.9, max_drop=0.01),
        Threshold(metric="accuracy", slice="label", at_least=0.7),
        Threshold(metric="auc", slice="label=fox", at_least=0.5),
    )
    evaluation, blessing = evaluate(
        Evaluation(thresholds=thresholds), write_examples([*RIGHT, WRONG]), save_model("model", 2)
    )
    decision = read_decision(evaluation.uri)
    assert not decision.blessed
    assert blessing.get_int_custom_property("blessed") == 0
    assert decision.metrics["accuracy"] == pytest.approx(0.75)
    assert decision.metrics["example_count"] == 4
    checks = checks_by_slice(evaluation)
    assert {key: check.passed for key, check in checks.items()} == {
        (ALL_EXAMPLES, "at_least"): True,
        (ALL_EXAMPLES, "at_most"): True,
        (ALL_EXAMPLES, "max_drop"): True,  # nothing to compare with
        ("label=cat", "at_least"): True,
        ("label=dog", "at_least"): False,
        ("label=fox", "at_least"): False,
    }
    assert checks["label=dog", "at_least"].value == pytest.approx(2 / 3)
    assert checks["label=fox", "at_least"].value is None


def test_a_model_that_passes_everything_is_blessed(evaluate, write_examples, save_model):
    evaluation, blessing = evaluate(
        Evaluation(thresholds=(Threshold(metric="accuracy", at_least=0.75),)),
        write_examples([*RIGHT, WRONG]),
        save_model("model", 2),
    )
    assert read_decision(evaluation.uri).blessed
    assert blessing.get_int_custom_property("blessed") == 1


def test_a_bound_on_all_examples_is_not_held_against_the_slices(evaluate, write_examples, save_model):
    evaluation, _ = evaluate(
        Evaluation(thresholds=(Threshold(metric="accuracy", at_least=0.7),), slices=("label",)),
        write_examples([*RIGHT, WRONG]),  # 2/3 of the dogs are right
        save_model("model", 2),
    )
    assert read_decision(evaluation.uri).blessed


@pytest.mark.parametrize(("max_drop", "blessed"), [(0.5, False), (1.0, True)])
def test_the_drop_below_the_last_blessed_model_is_bounded(evaluate, write_examples, save_model, max_drop, blessed):
    rows = [("cat", 0, [0.9, 0.05, 0.05])] * 3 + [("dog", 1, [0.1, 0.2, 0.7])]
    # The baseline reads the scores one class on: it gets the dog right and the cats wrong.
    evaluation, _ = evaluate(
        Evaluation(thresholds=(Threshold(metric="accuracy", slice="label=dog", max_drop=max_drop),)),
        write_examples(rows),
        save_model("candidate", 3),
        baseline=save_model("baseline", 3, shift=2),
    )
    decision = read_decision(evaluation.uri)
    (check,) = decision.checks
    assert (check.value, check.baseline) == (0.0, 1.0)
    assert decision.blessed == check.passed == blessed
    assert decision.baseline_uri.endswith("baseline")
    # Three cats that it alone gets right, one dog that the baseline does: binomial, 2 * (1 + 4) / 16.
    assert decision.paired == Paired(examples=4, better=3, worse=1, chance=0.625)
    assert decision.metrics["accuracy"] == pytest.approx(0.75)


def test_a_baseline_that_tells_other_classes_apart_is_none(evaluate, write_examples, save_model):
    evaluation, _ = evaluate(
        Evaluation(thresholds=(Threshold(metric="accuracy", max_drop=0.0),)),
        write_examples(RIGHT),
        save_model("candidate", 2),
        baseline=save_model("baseline", 3),
    )
    decision = read_decision(evaluation.uri)
    assert decision.baseline_uri == ""
    assert decision.paired is None
    assert decision.not_compared == f"{NOT_COMPARED} predicts something else."
    assert decision.blessed  # a first model has nothing to fall below


def test_an_empty_baseline_is_none(evaluate, write_examples, save_model, tmp_path):
    empty = standard_artifacts.Model()
    empty.uri = str(tmp_path / "nothing_was_pushed_yet")
    evaluation, _ = evaluate(
        Evaluation(thresholds=(Threshold(metric="accuracy", max_drop=0.0),)),
        write_examples(RIGHT),
        save_model("candidate", 2),
        baseline=empty,
    )
    decision = read_decision(evaluation.uri)
    assert (decision.baseline_uri, decision.not_compared) == ("", "")


def test_a_cluster_without_names_of_models_gets_a_blessing_without_their_ids(evaluate, write_examples, save_model):
    thresholds = Evaluation(thresholds=(Threshold(metric="accuracy", at_least=0.5),))
    _, blessing = evaluate(
        thresholds, write_examples(RIGHT), save_model("candidate", 2), baseline=save_model("baseline", 2)
    )
    refactor_model_blessing(blessing, {})  # what TFX does on a cluster; it looks for the name of every ID
    assert blessing.get_int_custom_property("blessed") == 1


def test_thresholds_of_the_run_replace_those_that_were_compiled(evaluate, write_examples, save_model):
    evaluation, _ = evaluate(
        Evaluation(thresholds=(Threshold(metric="accuracy", at_least=1.0),)),
        write_examples([*RIGHT, WRONG]),
        save_model("model", 2),
        thresholds='[{"metric": "auc", "at_least": 0.1}]',
    )
    assert [check.metric for check in read_decision(evaluation.uri).checks] == ["auc"]


def test_a_metric_that_is_not_a_number_has_no_value_and_does_not_pass(evaluate, write_examples, save_model):
    always_the_first_class = [("cat", 0, [0.9, 0.1]), ("dog", 1, [0.9, 0.1])]
    evaluation, _ = evaluate(
        Evaluation(thresholds=(Threshold(metric="precision", at_least=0.5),)),
        write_examples(always_the_first_class),
        save_model("model", 2),
    )
    decision = read_decision(evaluation.uri)
    assert "precision" not in decision.metrics
    assert not decision.blessed
    assert [(check.value, check.passed) for check in decision.checks] == [(None, False)]


def test_a_threshold_on_an_unknown_metric_names_the_known_ones(evaluate, write_examples, save_model):
    with pytest.raises(TransferlineError, match="acuracy, which isn't measured for 2 classes") as caught:
        evaluate(
            Evaluation(thresholds=(Threshold(metric="acuracy", at_least=0.5),)),
            write_examples(RIGHT),
            save_model("model", 2),
        )
    assert "accuracy" in caught.value.cure


def test_checks_and_verdict_agree(evaluate, write_examples, save_model):
    """The verdict is TFMA's, the checks are ours: at the bound itself both say pass."""
    evaluation, _ = evaluate(
        Evaluation(thresholds=(Threshold(metric="accuracy", at_least=1.0),)),
        write_examples(RIGHT),
        save_model("model", 2),
    )
    decision = read_decision(evaluation.uri)
    assert decision.blessed
    assert decision.checks == (
        ThresholdCheck(
            metric="accuracy", slice=ALL_EXAMPLES, kind="at_least", value=1.0, bound=1.0, baseline=None, passed=True
        ),
    )


def test_an_example_is_in_one_slice_made_by_the_candidate_whatever_the_baseline_would_make(
    evaluate, write_examples, save_model
):
    evaluation, _ = evaluate(
        Evaluation(thresholds=(Threshold(metric="example_count", slice="half", at_least=1, max_drop=0),)),
        write_examples([*RIGHT, WRONG]),
        save_model("model", 2, makes_slices=True),
        save_model("baseline", 2, shift=1, makes_slices=True),
    )
    checks = checks_by_slice(evaluation)
    assert {key: check.value for key, check in checks.items() if key[1] == "at_least"} == {
        ("half=1", "at_least"): 2,
        ("half=2", "at_least"): 2,
    }
    assert {check.baseline for check in checks.values()} == {2}


def test_a_class_that_the_model_does_not_know_is_an_error(evaluate, write_examples, save_model):
    with pytest.raises(RuntimeError, match="At least 1 examples of the test split have a label that the model doesn't"):
        evaluate(
            Evaluation(thresholds=(Threshold(metric="accuracy", at_least=0.5),)),
            write_examples([*RIGHT, ("fox", -1, [0.5, 0.5])]),
            save_model("model", 2),
        )


NOT_COMPARED = "This model isn't compared with the one before, which"


def test_a_baseline_that_does_not_answer_every_example_is_not_compared_with(evaluate, write_examples, save_model):
    """As a model doesn't of a row that lacks a value which its training never lacked."""
    rows = [(label, number, scores, {"other": scores}) for label, number, scores in RIGHT]
    rows.append(("dog", 1, [0.2, 0.8], {"other": [math.nan, math.nan]}))
    evaluation, blessing = evaluate(
        Evaluation(
            thresholds=(
                Threshold(metric="accuracy", at_least=0.9, max_drop=0.0),
                Threshold(metric="auc", max_drop=0.1),
            ),
            slices=("label",),
        ),
        write_examples(rows[:1], rows[1:]),
        save_model("candidate", 2),
        baseline=save_model("baseline", 2, reads="other"),
    )
    decision = read_decision(evaluation.uri)
    assert decision.not_compared == (
        f"{NOT_COMPARED} gives no answer to 1 of the 4 test examples: they lack a value that its training never "
        "lacked, or it answers with NaN."
    )
    assert decision.blessed
    assert (decision.baseline_uri, decision.paired) == ("", None)
    assert not blessing.has_custom_property("baseline_model_uri")
    assert [check.baseline for check in decision.checks] == [None] * 3
    assert [check.is_not_compared for check in decision.checks] == [False, True, True]
    assert decision.metrics["accuracy"] == 1
    assert {found.name for found in read_evaluation(evaluation.uri, ["class 0", "class 1"]).slices} == {
        *("all examples", "label=cat", "label=dog")
    }


def test_a_baseline_of_other_types_of_columns_is_not_compared_with(evaluate, write_examples, save_model):
    inputs = {name: {"input": name, "type": "float"} for name in ("age", "size", "town")}
    before = {"age": {"input": "age", "type": "int"}, "size": inputs["size"], "gone": {"input": "gone", "type": "date"}}
    evaluation, _ = evaluate(
        Evaluation(thresholds=(Threshold(metric="accuracy", max_drop=0.0),)),
        write_examples(RIGHT),
        save_model("candidate", 2, inputs=inputs),
        baseline=save_model("baseline", 2, inputs=before),
    )
    decision = read_decision(evaluation.uri)
    assert decision.not_compared == f"{NOT_COMPARED} takes columns of other types than the data has now: age."
    assert (decision.blessed, decision.baseline_uri) == (True, "")


@pytest.mark.parametrize(
    ("values", "changed"),
    [
        ({"gone": [[0.9, 0.1], ["x", "y"]]}, "gone"),  # not in the first row
        ({"gone": [[0.9, 0.1]], "day": [[5], ["today"]]}, "day"),
        ({"gone": [[0.9, 0.1]], "day": [[5]]}, ""),
    ],
)
def test_so_is_not_one_whose_column_the_candidate_does_not_learn_from(
    evaluate, write_examples, save_model, values, changed
):
    rows = [
        (*row, {name: each[min(at, len(each) - 1)] for name, each in values.items()}) for at, row in enumerate(RIGHT)
    ]
    before = {name: {"input": name, "type": kind} for name, kind in (("gone", "float"), ("day", "date"), ("no", "int"))}
    evaluation, _ = evaluate(
        Evaluation(thresholds=(Threshold(metric="accuracy", max_drop=1.0),)),
        write_examples(rows),
        save_model("candidate", 2, inputs={"size": {"input": "size", "type": "float"}}),
        baseline=save_model("baseline", 2, reads="gone", inputs=before),
    )
    expected = f"{NOT_COMPARED} takes columns of other types than the data has now: {changed}." if changed else ""
    assert read_decision(evaluation.uri).not_compared == expected


def test_an_answer_that_is_not_a_number_is_an_error(evaluate, write_examples, save_model):
    with pytest.raises(RuntimeError, match="The model answers with NaN, which is no number, to at least 1 example"):
        evaluate(
            Evaluation(thresholds=(Threshold(metric="accuracy", at_least=0.5),)),
            write_examples([*RIGHT, ("dog", 1, [math.nan, math.nan])]),
            save_model("model", 2),
        )


def test_an_empty_test_split_is_an_error(evaluate, write_examples, save_model):
    with pytest.raises(TransferlineError, match="There are no examples in the test split"):
        evaluate(
            Evaluation(thresholds=(Threshold(metric="accuracy", at_least=0.5),)),
            write_examples([]),
            save_model("model", 2),
        )


@pytest.mark.parametrize("classes", [2, 3])
def test_of_examples_that_weigh_nothing_no_metric_has_a_value(evaluate, write_examples, save_model, classes):
    thresholds = Threshold(metric="accuracy", at_least=0.0), Threshold(metric="crossentropy", at_least=0.0)
    evaluation, _ = evaluate(
        Evaluation(thresholds=thresholds, better_than_guessing=True),
        write_examples([(*row[:2], [*row[2], 0.0][:classes], {"w": [0.0]}) for row in RIGHT]),
        save_model("model", classes),
        example_weight="w",
    )
    decision = read_decision(evaluation.uri)
    assert not decision.blessed
    assert decision.metrics["example_count"] == 3
    assert not {"accuracy", "crossentropy", "f1", "balanced_accuracy", "mcc"} & set(decision.metrics)
    assert [(check.value, check.passed, check.guessing) for check in decision.checks] == [(None, False, "")] * 3
    assert score_of(read_evaluation(evaluation.uri, ["cat", "dog", "fox"][:classes])) is None


def test_of_numbers_that_weigh_nothing_none_is_better_than_guessing(evaluate, write_numbers, save_number_model):
    evaluation, _ = evaluate(
        Evaluation(thresholds=(Threshold(metric="rmse", at_most=100),), better_than_guessing=True),
        write_numbers([(1.0, 2.0, {"w": [0.0]}), (3.0, 2.5, {"w": [0.0]})]),
        save_number_model("model"),
        example_weight="w",
    )
    guessing, _ = read_decision(evaluation.uri).checks
    assert (guessing.kind, guessing.value, guessing.passed) == ("better_than_guessing", None, False)


def test_values_of_one_class_are_bounded_by_its_name(evaluate, write_examples, save_model):
    rows = [("cat", 0, [0.9, 0.05, 0.05])] * 3 + [("dog", 1, [0.6, 0.2, 0.2]), ("dog", 1, [0.1, 0.8, 0.1])]
    evaluation, _ = evaluate(
        Evaluation(
            thresholds=(
                Threshold(metric="recall_of_class 1", at_least=0.4),
                Threshold(metric="precision_of_class 0", at_least=0.9),
                Threshold(metric="f1_of_class 2", at_least=0),
            )
        ),
        write_examples(rows),
        save_model("model", 3),
    )
    decision = read_decision(evaluation.uri)
    assert {check.metric: (check.value, check.passed) for check in decision.checks} == {
        "recall_of_class 1": (0.5, True),
        "precision_of_class 0": (0.75, False),
        "f1_of_class 2": (None, False),  # there is no example of it
    }
    # What no threshold asked for isn't kept with the run: there are three for each class.
    assert "precision_of_class 1" not in decision.metrics
    assert decision.metrics["recall_of_class 1"] == 0.5
    assert decision.metrics["balanced_accuracy"] == 0.75


MANY = [("cat", 0, [0.9, 0.1])] * 30 + [("dog", 1, [0.2, 0.8])] * 20


@pytest.mark.parametrize(("wrong", "blessed"), [(2, True), (18, False)])
@pytest.mark.parametrize("classes", [2, 3])
def test_a_model_that_is_not_better_than_guessing_is_not_blessed(
    evaluate, write_examples, save_model, wrong, blessed, classes
):
    rows = [(name, number, [*scores, 0.0][:classes]) for name, number, scores in MANY[: 50 - wrong]]
    rows += [("dog", 1, [0.6, 0.4, 0.0][:classes])] * wrong
    evaluation, blessing = evaluate(
        Evaluation(thresholds=(Threshold(metric="accuracy", at_least=0.5),), better_than_guessing=True),
        write_examples(rows),
        save_model("model", classes),
    )
    decision = read_decision(evaluation.uri)
    first, second = decision.checks
    assert (first.kind, first.metric, first.passed) == ("better_than_guessing", "accuracy", blessed)
    assert (first.value, first.bound) == pytest.approx((1 - wrong / 50, 0.6))
    assert first.low < first.value < first.high
    assert second.passed
    assert decision.blessed == blessed
    assert blessing.get_int_custom_property("blessed") == blessed


def test_each_model_is_judged_by_its_own_cut(evaluate, write_examples, save_model):
    probabilities = {"cat": (0.1, 0.2, 0.35, 0.6), "dog": (0.25, 0.4, 0.7, 0.9)}
    rows = [(name, int(name == "dog"), [1 - each, each]) for name, found in probabilities.items() for each in found]
    candidate, baseline = save_model("model", 2), save_model("baseline", 2)
    write_answering(Answering(cut=0.3), os.path.join(candidate.uri, "Format-Serving"))
    evaluation, _ = evaluate(
        Evaluation(
            thresholds=(Threshold(metric="recall", at_least=0.7, max_drop=0.0), Threshold(metric="auc", max_drop=0.0)),
            better_than_guessing=True,
        ),
        write_examples(rows),
        candidate,
        baseline,
    )

    decision = read_decision(evaluation.uri)
    guessing, recall, *_ = decision.checks
    # Between the cuts are a dog and a cat.
    assert decision.paired == Paired(examples=8, better=1, worse=1, chance=1.0)
    assert (recall.metric, recall.value) == ("recall", 0.75)
    assert guessing.value == pytest.approx(5 / 8)
    baseline_metrics = read_metrics(evaluation.uri, "baseline")["all examples"]
    assert (baseline_metrics["recall"], baseline_metrics["specificity"]) == (0.5, 0.75)
    review = read_evaluation(evaluation.uri, ("cat", "dog"))
    assert review.plots[0].confusion == ((2.0, 2.0), (1.0, 3.0))


def test_a_model_of_an_operating_point_is_held_against_guessing_by_its_recalls(evaluate, write_examples, save_model):
    """Seven of ten are cats: it finds all dogs, and takes half of the cats for dogs."""
    rows = [("cat", 0, [0.9, 0.1])] * 40 + [("cat", 0, [0.6, 0.4])] * 30 + [("dog", 1, [0.6, 0.4])] * 30
    model = save_model("model", 2)
    write_answering(Answering(cut=0.3, operating_point=AtRecall(recall=0.9)), f"{model.uri}/Format-Serving")
    evaluation, _ = evaluate(
        Evaluation(thresholds=(Threshold(metric="recall", at_least=0.9),), better_than_guessing=True),
        write_examples(rows),
        model,
    )
    decision = read_decision(evaluation.uri)
    assert decision.blessed
    assert decision.checks[0].metric == "balanced_accuracy"
    assert decision.checks[0].value == pytest.approx((4 / 7 + 1) / 2)


@pytest.mark.parametrize(
    ("values", "named", "found"),
    [
        ([[3.0], [3.0], [4.0], [4.0]], "rooms=3", ["rooms=3.0"]),
        ([["1"], ["1"], ["01"], ["01"]], "rooms=1", ["rooms=01", "rooms=1"]),
        ([["1"], ["1"], ["01"], ["01"]], "rooms=001", ["rooms=01", "rooms=1"]),
        ([["1"], ["1"], ["b"], ["b"]], "rooms=2", ["rooms=2"]),
    ],
)
def test_a_slice_is_named_as_tfma_reads_it(evaluate, write_examples, save_model, values, named, found):
    rows = [(*row, {"rooms": value}) for row, value in zip([*RIGHT, WRONG], values, strict=True)]
    evaluation, _ = evaluate(
        Evaluation(thresholds=(Threshold(metric="accuracy", slice=named, at_least=0.1),)),
        write_examples(rows),
        save_model("model", 2),
    )
    assert [check.slice for check in read_decision(evaluation.uri).checks] == found


@pytest.mark.parametrize(
    ("threshold", "blessed"),
    [
        (Threshold(metric="crossentropy", max_rise=0.05), True),  # a first model
        (Threshold(metric="crossentropy", at_most=0.5), False),
        (Threshold(metric="crossentropy", at_least=0.5), True),
    ],
)
def test_an_infinite_metric_is_held_against_its_bound(evaluate, write_examples, save_model, threshold, blessed):
    evaluation, _ = evaluate(
        Evaluation(thresholds=(threshold,)), write_examples([*RIGHT, ("cat", 0, [0.0, 1.0])]), save_model("model", 2)
    )
    decision = read_decision(evaluation.uri)
    assert decision.blessed == blessed
    assert decision.checks[0].value is None
    assert "crossentropy" not in decision.metrics


@pytest.mark.parametrize("metric", ["auc", "auc_precision_recall", "precision_at_recall_0.8"])
def test_a_slice_of_one_class_has_no_area_and_does_not_pass(evaluate, write_examples, save_model, metric):
    evaluation, _ = evaluate(
        Evaluation(thresholds=(Threshold(metric=metric, slice="label", at_least=0.0001),)),
        write_examples([*RIGHT, WRONG]),
        save_model("model", 2),
    )
    decision = read_decision(evaluation.uri)
    assert {(check.slice, check.value) for check in decision.checks} == {("label=cat", None), ("label=dog", None)}
    assert not decision.blessed


def test_a_change_is_bounded_in_both_directions(evaluate, write_examples, save_model):
    both = Threshold(metric="accuracy", max_drop=0.01), Threshold(metric="accuracy", max_rise=0.01)
    evaluation, _ = evaluate(
        Evaluation(thresholds=both),
        write_examples([*RIGHT, WRONG]),
        save_model("candidate", 2),
        baseline=save_model("baseline", 2, shift=1),
    )
    drop, rise = read_decision(evaluation.uri).checks
    assert (drop.kind, rise.kind) == ("max_drop", "max_rise")
    assert (drop.passed, rise.passed) == (True, False)
