"""TFX's own Evaluator on the same models and examples finds the same: metrics, plots, validation, blessing."""

import math
from pathlib import Path

import numpy as np
import pytest
import tensorflow_model_analysis as tfma
from google.protobuf import json_format

from components.evaluator import metric_names
from components.evaluator.config import Evaluation, Threshold

EQUAL = 1e-6
SLICES = ("label", "tag", "number", "share", "half", "nowhere")
"""Texts, several or none an example; whole and other numbers; a column that the model makes; one that isn't there."""


def values_in(node, place=""):
    """Yields all that a nested structure holds, each with its place."""
    if isinstance(node, dict):
        for key, value in node.items():
            yield from values_in(value, f"{place}/{key}")
    elif isinstance(node, list | tuple):
        for at, value in enumerate(node):
            yield from values_in(value, f"{place}/{at}")
    else:
        yield place, node


def found_in(result):
    metrics = {f"{key} {place}": value for key, values in result.slicing_metrics for place, value in values_in(values)}
    plots = {f"{key} {place}": value for key, values in result.plots for place, value in values_in(values)}
    return metrics | {f"plot {place}": value for place, value in plots.items()}


def number(value):
    """TFMA's JSON has "NaN" and "Infinity" as texts, and other texts too."""
    try:
        return float(value)
    except (TypeError, ValueError):
        return value


def assert_equal(ours, theirs):
    """Compares all at once: there are a hundred thousand numbers, and pytest.approx takes its time for each."""
    assert ours.keys() == theirs.keys()
    expected = {place: number(value) for place, value in theirs.items()}
    finite = [place for place, value in expected.items() if isinstance(value, float) and math.isfinite(value)]
    wanted = np.array([expected.pop(place) for place in finite])
    found = np.array([float(ours[place]) for place in finite])
    is_off = ~(np.abs(found - wanted) <= EQUAL * np.maximum(np.abs(wanted), 1))
    assert [(finite[at], found[at], wanted[at]) for at in np.flatnonzero(is_off)] == []
    assert {place: str(number(ours[place])) for place in expected} == {at: str(each) for at, each in expected.items()}


def verdict_in(evaluation):
    """All that a validation says, whatever the order of the slices in which it says it."""
    said = json_format.MessageToDict(tfma.load_validation_result(evaluation.uri))
    said.get("metricValidationsPerSlice", []).sort(key=lambda failed: str(failed["sliceKey"]))
    said["validationDetails"]["slicingDetails"].sort(key=str)
    said.get("missingSlices", []).sort(key=str)
    return dict(values_in(said))


@pytest.fixture
def assert_as_tfma(evaluate, evaluate_with_tfma):
    def compare(evaluation, examples, candidate, baseline=None, *, makes_slices=False, weight=""):
        ours, our_blessing = evaluate(evaluation, examples, candidate, baseline, example_weight=weight)
        theirs, their_blessing = evaluate_with_tfma(
            evaluation, examples, candidate, baseline, makes_slices=makes_slices, weight=weight
        )
        # Loaded once: reading as many numbers as there are takes as long as the evaluation.
        found = {}
        for name in [tfma.CANDIDATE_KEY, tfma.BASELINE_KEY] if baseline else [""]:
            mine, other = (tfma.load_eval_result(each.uri, model_name=name) for each in (ours, theirs))
            found[name] = found_in(mine)
            assert_equal(found[name], found_in(other))
            assert mine.config == other.config
        assert_equal(verdict_in(ours), verdict_in(theirs))
        assert [path.name for path in Path(our_blessing.uri).iterdir()] == [
            path.name for path in Path(their_blessing.uri).iterdir()
        ]
        assert our_blessing.get_int_custom_property("blessed") == their_blessing.get_int_custom_property("blessed")
        assert our_blessing.get_string_custom_property("baseline_model_uri") == (
            their_blessing.get_string_custom_property("baseline_model_uri")
        )
        return found[tfma.CANDIDATE_KEY if baseline else ""]

    return compare


def one_of(values, chance):
    return values[chance.integers(len(values))]


def features(chance):
    tags = [one_of(("a", "b", "ü"), chance) for _ in range(chance.integers(4))]
    more = {"tag": tags, "number": [int(chance.integers(-1, 3))]}
    return more | {"share": [one_of((0.1, 0.5), chance)]} if chance.random() < 0.7 else more


def rows_of_two_classes(count, chance):
    for _ in range(count):
        label = int(chance.integers(2))
        # Ties, the deciding threshold itself, both sides of a bucket's edge, and what lies between.
        second = one_of((0.25, 0.5, 0.5000001, 0.7, 0.70009996, 0.7001, chance.random() * 0.98 + 0.01), chance)
        yield ("no", "yes")[label], label, [1 - second, second], features(chance)


def rows_of_many_classes(count, classes, chance):
    for _ in range(count):
        scores = [one_of((0.0, 0.2, chance.random()), chance) for _ in range(classes)]
        label = int(chance.integers(classes - 1))  # the last class has no example
        yield f"class {label}", label, [score / max(sum(scores), 1e-9) for score in scores], features(chance)


THRESHOLDS = (
    Threshold(metric="accuracy", at_least=0.4, max_drop=0.1),
    Threshold(metric="accuracy", slice="label", at_least=0.1),
    Threshold(metric="crossentropy", slice="tag=ü", at_most=100, max_rise=0.01),
    Threshold(metric="example_count", slice="half", at_least=1),
    Threshold(metric="accuracy", slice="number=7", at_least=0.1),
)
"""Some pass, some don't, and no example is in the last one's slice."""


OF_TWO = (
    Threshold(metric="auc", max_drop=0.2),
    Threshold(metric="recall_at_precision_0.55", at_least=0.1),
    Threshold(metric="precision_at_recall_.8", slice="half", at_least=0.1, max_drop=0.01),
    Threshold(metric="f1_of_class 0", at_least=0.9),
    Threshold(metric="recall_of_class 0", slice="tag", at_least=0.1),
)
OF_MANY = (
    Threshold(metric="balanced_accuracy", at_least=0.1, max_drop=0.3),
    Threshold(metric="recall_of_class 1", slice="tag", at_least=0.2),
    Threshold(metric="precision_of_class 3", at_most=1),
    Threshold(metric="top_2_accuracy", at_least=0.3, max_rise=0.01),
    Threshold(metric="auc_macro", slice="half", at_least=0.4),
)


def test_two_classes_and_a_baseline(assert_as_tfma, write_examples, save_model):
    chance = np.random.default_rng(0)
    found = assert_as_tfma(
        Evaluation(thresholds=(*THRESHOLDS, *OF_TWO), slices=SLICES),
        write_examples(list(rows_of_two_classes(300, chance))),
        save_model("candidate", 2, makes_slices=True),
        save_model("baseline", 2, shift=1),
        makes_slices=True,
    )
    assert found["() ///auc/doubleValue"] > 0.4
    assert found["() ///auc_diff/doubleValue"] != 0
    assert found["(('label', 'no'),) ///calibration/doubleValue"] == "NaN"
    assert "plot () ///calibrationHistogramBuckets/buckets/0/lowerThresholdInclusive" in found


def test_two_classes_in_several_files_with_wrong_certainties(assert_as_tfma, write_examples, save_model):
    chance = np.random.default_rng(1)
    certain = [("no", 0, [0, 1], {"tag": ["sure"]}), ("no", 0, [1.5, -0.5])]
    found = assert_as_tfma(
        Evaluation(thresholds=(Threshold(metric="accuracy", at_least=0.1),), slices=("label", "tag")),
        write_examples(list(rows_of_two_classes(60, chance)), certain, []),
        save_model("candidate", 2),
    )
    assert found["() ///crossentropy/doubleValue"] == "NaN"
    assert found["(('tag', 'sure'),) ///crossentropy/doubleValue"] == "Infinity"


def test_many_classes_and_a_baseline(assert_as_tfma, write_examples, save_model):
    chance = np.random.default_rng(2)
    nowhere_likely = ("class 0", 0, [0, 0, 0, 0], {"tag": ["none"]})
    found = assert_as_tfma(
        Evaluation(thresholds=(*THRESHOLDS, *OF_MANY), slices=SLICES),
        write_examples([*rows_of_many_classes(300, 4, chance), nowhere_likely]),
        save_model("candidate", 4, makes_slices=True),
        save_model("baseline", 4, shift=1),
        makes_slices=True,
    )
    assert found["() ///accuracy_diff/doubleValue"] != 0
    assert found["() ///recall_of_class 0_diff/doubleValue"] != 0
    assert found["() ///recall_of_class 3/doubleValue"] == "NaN"  # there is no example of it
    assert found["() ///top_2_accuracy/doubleValue"] < found["() ///top_3_accuracy/doubleValue"] < 1
    assert 0.3 < found["() ///auc_macro/doubleValue"] < 0.7
    assert found["(('label', 'class 0'),) ///auc_macro/doubleValue"] == "NaN"


def test_more_classes_than_have_values_of_their_own(assert_as_tfma, write_examples, save_model, monkeypatch):
    monkeypatch.setattr(metric_names, "MOST_CLASSES", 3)
    chance = np.random.default_rng(3)
    found = assert_as_tfma(
        Evaluation(thresholds=(Threshold(metric="recall_of_class 1", at_least=0),), slices=("tag",)),
        write_examples(list(rows_of_many_classes(60, 4, chance))),
        save_model("candidate", 4),
    )
    assert "() ///recall_of_class 1/doubleValue" in found
    assert "() ///recall_of_class 0/doubleValue" not in found
    assert "() ///auc_macro/doubleValue" not in found


def weighted(rows, chance):
    """Some weigh nothing."""
    for *row, more in rows:
        yield *row, {**more, "w": [one_of((0.0, 0.5, 1.0, float(chance.random() * 3)), chance)]}


@pytest.mark.parametrize("classes", [2, 3])
def test_examples_that_weigh_differently(assert_as_tfma, write_examples, save_model, classes):
    chance = np.random.default_rng(4)
    rows = list(rows_of_two_classes(80, chance) if classes == 2 else rows_of_many_classes(80, classes, chance))
    weights = list(weighted(rows, chance))
    found = assert_as_tfma(
        Evaluation(
            thresholds=(
                Threshold(metric="accuracy", at_least=0.1, max_drop=0.5),
                Threshold(metric="balanced_accuracy", slice="tag", at_least=0.3),
                Threshold(metric="example_count", slice="number", at_least=1),
            ),
            slices=("tag", "number"),
        ),
        write_examples(weights),
        save_model("candidate", classes),
        save_model("baseline", classes, shift=1),
        weight="w",
    )
    assert found["() ///example_count/doubleValue"] == 80
    assert found["() ///weighted_example_count/doubleValue"] == pytest.approx(
        sum(more["w"][0] for *_, more in weights), rel=1e-5
    )
    of_weights = np.array([more["w"][0] for *_, more in weights])
    assert found["() ///effective_example_count/doubleValue"] == pytest.approx(
        of_weights.sum() ** 2 / (of_weights**2).sum(), rel=1e-5
    )
    hits = [(scores[1] > 0.5) == label if classes == 2 else scores.index(max(scores)) == label
            for _, label, scores, _ in weights]  # fmt: skip
    expected = np.average(hits, weights=[more["w"][0] for *_, more in weights])
    assert found["() ///accuracy/doubleValue"] == pytest.approx(expected, rel=1e-5)


OF_NUMBERS = (
    Threshold(metric="rmse", at_most=100, max_rise=0.5),
    Threshold(metric="r2", slice="half", at_least=0.5, max_drop=0.1),
    Threshold(metric="absolute_error_p90", slice="tag=ü", at_most=1, max_rise=0.01),
    Threshold(metric="mean_error", at_least=-1, at_most=1),
    Threshold(metric="median_absolute_error", slice="number=7", at_most=1),
)


def rows_to_predict(count, chance):
    for _ in range(count):
        label = chance.gamma(2, 50)
        answer = one_of((label, label + 1, label + chance.normal(0, 20), 0.0), chance)  # ties, and right ones
        yield np.float32(label), np.float32(answer), features(chance)


@pytest.mark.parametrize("weight", ["", "w"])
def test_a_number_to_predict_and_a_baseline(assert_as_tfma, write_numbers, save_number_model, weight):
    chance = np.random.default_rng(5)
    rows = [*rows_to_predict(300, chance), (3.0, 5.0, {"tag": ["alone"]})]
    found = assert_as_tfma(
        Evaluation(thresholds=OF_NUMBERS, slices=("tag", "number", "share", "half", "nowhere")),
        write_numbers(list(weighted(rows, chance)) if weight else rows),
        save_number_model("candidate", makes_slices=True),
        save_number_model("baseline", factor=0.9),
        makes_slices=True,
        weight=weight,
    )
    assert -1 < found["() ///r2/doubleValue"] < 1
    assert found["() ///rmse_diff/doubleValue"] != 0
    assert found["(('tag', 'alone'),) ///r2/doubleValue"] == "NaN"
    assert len([place for place in found if place.startswith("() ///moments/arrayValue/float64Values")]) == 42
