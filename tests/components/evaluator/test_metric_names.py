import pytest

from components.evaluator.metric_names import (
    BINARY_METRICS,
    MOST_CLASSES,
    Measure,
    is_of_class,
    may_be_measured,
    measure,
    measures,
    metric_names,
    names_in_words,
)

TWO, FOUR = ("no", "yes"), ("daisy", "rose", "sun flower", "tulip")


@pytest.mark.parametrize("classes", [2, 3, 4, 6, MOST_CLASSES + 1])
def test_what_is_always_measured_has_a_measure(classes):
    names = [f"class {number}" for number in range(classes)]
    found = measures(names)
    assert set(metric_names(classes)) <= set(found)
    assert found["example_count"] == Measure("ExampleCount")


def test_a_rate_at_another_is_told_its_number():
    assert measure("recall_at_precision_0.9", TWO) == Measure("RecallAtPrecision", {"precision": 0.9})
    assert measure("precision_at_recall_1", TWO) == Measure("PrecisionAtRecall", {"recall": 1.0})
    for name in ("recall_at_precision_1.5", "recall_at_precision_", "recall_at_precision_-0.1", "recall_at_recall_0.1"):
        assert measure(name, TWO) is None
        assert not may_be_measured(name)
    assert measure("recall_at_precision_0.9", FOUR) is None


def test_the_top_is_smaller_than_the_classes():
    assert measure("top_3_accuracy", FOUR) == Measure("SparseTopKCategoricalAccuracy", {"k": 3})
    assert measure("top_4_accuracy", FOUR) is None
    assert measure("top_1_accuracy", TWO) is None
    assert "top_3_accuracy" not in metric_names(3)
    assert {"top_3_accuracy", "top_5_accuracy"} <= set(metric_names(6))


def test_a_class_is_named_as_it_is():
    assert measure("recall_of_sun flower", FOUR).settings == {"rate": "recall", "class_id": 2, "classes": 4}
    assert measure("recall_of_lily", FOUR) is None
    assert measure("accuracy_of_rose", FOUR) is None


def test_of_two_classes_tfma_has_the_rates_of_both():
    assert measure("recall_of_yes", TWO) == BINARY_METRICS["recall"]
    assert measure("recall_of_no", TWO) == BINARY_METRICS["specificity"]
    assert measure("precision_of_no", TWO) == BINARY_METRICS["negative_predictive_value"]
    assert measure("f1_of_no", TWO).class_name == "FirstClassF1"


def test_values_by_class_are_measured_of_all_or_where_they_are_asked_for():
    assert [name for name in measures(FOUR) if is_of_class(name)][:3] == [
        "precision_of_daisy",
        "recall_of_daisy",
        "f1_of_daisy",
    ]
    assert not any(map(is_of_class, measures(TWO)))
    many = [str(number) for number in range(MOST_CLASSES + 1)]
    assert [name for name in measures(many, ["recall_of_7"]) if is_of_class(name)] == ["recall_of_7"]
    assert "auc_macro" not in measures(many)


@pytest.mark.parametrize("name", ["auc", "auc_macro", "recall_at_precision_.5", "top_2_accuracy", "f1_of_anything"])
def test_where_the_classes_arent_known_a_name_of_any_is_taken(name):
    assert may_be_measured(name)


def test_what_is_offered_is_measured():
    for classes in TWO, FOUR:
        offered = names_in_words(classes).split(", ")
        assert len(offered) > len(metric_names(len(classes)))
        assert all(measure(name, classes) for name in offered)
