import pytest

from components.intervals import mean_share_interval, share_interval
from components.report.evaluation import Evaluated, _examples_per_weight, _metric, by_class, slice_plots
from components.report.review import SlicePlots

MATRICES = [
    {"threshold": 0.5, "truePositives": 8.0, "falsePositives": 1.0, "trueNegatives": 9.0, "falseNegatives": 2.0},
    {"threshold": -1e-06, "truePositives": 10.0, "falsePositives": 10.0},
    {"threshold": 1.0, "trueNegatives": 10.0, "falseNegatives": 10.0},
]
RATES = {"recall": 0.8, "specificity": 0.9}


def test_two_classes_are_counted_at_the_cut_that_recall_and_specificity_are_of():
    plots = slice_plots("all examples", {"confusionMatrixAtThresholds": {"matrices": MATRICES}}, RATES, 2)
    assert plots.confusion == ((9.0, 1.0), (2.0, 8.0))
    assert [point.threshold for point in plots.thresholds] == [-1e-06, 0.5, 1.0]


def test_more_classes_are_counted_by_actual_and_predicted():
    entries = [
        {"numWeightedExamples": 5.0},
        {"actualClassId": 2, "predictedClassId": 1, "numWeightedExamples": 3.0},
        {"actualClassId": 1, "predictedClassId": -1, "numWeightedExamples": 1.0},
    ]
    plots = slice_plots(
        "a=b", {"multiClassConfusionMatrixAtThresholds": {"matrices": [{"entries": entries}]}}, RATES, 3
    )
    assert plots.confusion == ((5.0, 0.0, 0.0), (0.0, 0.0, 0.0), (0.0, 3.0, 0.0))


def test_a_bucket_without_examples_isnt_calibrated():
    bucket = {"numWeightedExamples": 4.0, "totalWeightedLabel": 1.0, "totalWeightedRefinedPrediction": 2.0}
    plots = slice_plots(
        "a=b", {"calibrationHistogramBuckets": {"buckets": [{"numWeightedExamples": 0.0}, bucket]}}, RATES, 2
    )
    ((found),) = plots.calibration
    assert (found.examples, found.predicted, found.observed) == (4.0, 0.5, 0.25)


@pytest.mark.parametrize(
    ("name", "value", "interval"),
    [
        ("accuracy", 0.85, (0.640, 0.948)),  # 17 of 20
        ("precision", 8 / 9, (0.565, 0.980)),  # 8 of 9
        ("recall", 0.8, (0.490, 0.943)),  # 8 of 10
        ("specificity", 0.9, (0.596, 0.982)),  # 9 of 10
        ("negative_predictive_value", 9 / 11, (0.523, 0.949)),  # 9 of 11
    ],
)
def test_shares_have_wilsons_interval_of_their_own_count(name, value, interval):
    plots = slice_plots("all examples", {"confusionMatrixAtThresholds": {"matrices": MATRICES}}, RATES, 2)
    found = _metric(name, value, 20.0, plots)
    assert (found.low, found.high) == pytest.approx(interval, abs=1e-3)


def test_means_of_recalls_and_shares_of_many_classes_have_an_interval_too():
    plots = SlicePlots(name="all examples", confusion=((8, 2, 0), (0, 4, 0), (0, 0, 0)))
    found = _metric("balanced_accuracy", 0.9, 14.0, plots)
    assert (found.low, found.high) == mean_share_interval([(0.8, 10), (1.0, 4)])
    assert _metric("recall_macro", 0.9, 14.0, plots).low == found.low
    assert _metric("recall_macro", 0.6, 14.0, plots).low is None  # with 0 for the class without examples
    top = _metric("top_3_accuracy", 13 / 14, 14.0, plots)
    assert (top.low, top.high) == share_interval(13 / 14, 14)
    assert _metric("f1_macro", 0.9, 14.0, plots).low is None


def test_a_curve_over_one_class_has_no_value():
    one_class = {"confusionMatrixAtThresholds": {"matrices": [{"threshold": 0.5, "truePositives": 3.0}]}}
    plots = slice_plots("label=dog", one_class, RATES, 2)
    assert _metric("auc", 0.0, 3.0, plots).value is None
    assert _metric("accuracy", 1.0, 3.0, plots).value == 1.0


@pytest.mark.parametrize("name", ["precision_at_recall_0.8", "recall_at_precision_0.5", "negative_predictive_value"])
def test_what_is_of_both_classes_has_no_value_over_one(name):
    one_class = {"confusionMatrixAtThresholds": {"matrices": [{"threshold": 0.5, "truePositives": 3.0}]}}
    assert _metric(name, 0.0, 3.0, slice_plots("label=dog", one_class, RATES, 2)).value is None


def test_f1_has_no_value_where_there_is_none_of_the_second_class():
    one_class = {"confusionMatrixAtThresholds": {"matrices": [{"threshold": 0.5, "falsePositives": 3.0}]}}
    assert _metric("f1", 0.0, 3.0, slice_plots("label=cat", one_class, RATES, 2)).value is None


def test_intervals_of_weighted_examples_are_those_of_as_many_examples_of_one_weight_as_tell_as_much():
    plots = slice_plots("all examples", {"confusionMatrixAtThresholds": {"matrices": MATRICES}}, RATES, 2)
    weights = {"example_count": 500.0, "weighted_example_count": 20.0, "effective_example_count": 200.0}
    found = _metric("recall", 0.8, 200.0, plots, per_weight=_examples_per_weight(weights))
    assert (found.low, found.high) == share_interval(0.8, 100)


def test_each_class_has_its_rates_over_the_examples_that_there_are_of_it():
    before = Evaluated({}, ((8, 0, 0), (4, 0, 0), (0, 0, 0)))
    cat, dog, eel = by_class(("cat", "dog", "eel"), Evaluated({}, ((6, 2, 0), (1, 3, 0), (0, 0, 0))), before)
    assert (cat.name, cat.count, dog.count, eel.count) == ("cat", 8, 4, 0)
    assert cat.metrics["precision"].value == pytest.approx(6 / 7)
    assert cat.metrics["recall"].value == 0.75
    assert cat.metrics["f1"].value == pytest.approx(0.8)
    assert (cat.metrics["recall"].low, cat.metrics["recall"].high) == share_interval(0.75, 8)
    assert cat.metrics["f1"].low is None
    assert [metric.value for metric in eel.metrics.values()] == [None] * 3
    assert cat.baseline == pytest.approx({"precision": 2 / 3, "recall": 1.0, "f1": 0.8})
    assert dog.baseline == {"recall": 0.0, "f1": 0.0}  # it was never predicted


def test_of_two_classes_they_are_tfmas_at_the_very_cut():
    metrics = {"specificity": 0.9, "negative_predictive_value": 0.8, "recall": 0.25, "precision": None}
    no, yes = by_class(("no", "yes"), Evaluated(metrics, ((90, 10), (75, 25))))
    assert no.metrics["recall"].value == 0.9
    assert no.metrics["precision"].value == 0.8
    assert no.metrics["f1"].value == pytest.approx(2 * 0.9 * 0.8 / 1.7)
    assert (no.metrics["recall"].low, no.metrics["recall"].high) == share_interval(0.9, 100)
    assert (yes.metrics["precision"].value, yes.metrics["recall"].value, yes.metrics["f1"].value) == (None, 0.25, 0.0)
    missing, _ = by_class(("no", "yes"), Evaluated({"precision": 1.0, "recall": 1.0}, ((0, 0), (0, 5))))
    assert [metric.value for metric in missing.metrics.values()] == [None] * 3


def test_without_a_confusion_matrix_there_is_nothing_by_class():
    assert list(by_class(("cat", "dog"), Evaluated({}, ()))) == []
