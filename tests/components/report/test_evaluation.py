import pytest

from components.report.evaluation import _metric, slice_plots

MATRICES = [
    {"threshold": 0.5, "truePositives": 8.0, "falsePositives": 1.0, "trueNegatives": 9.0, "falseNegatives": 2.0},
    {"threshold": -1e-06, "truePositives": 10.0, "falsePositives": 10.0},
    {"threshold": 1.0, "trueNegatives": 10.0, "falseNegatives": 10.0},
]


def test_two_classes_are_counted_at_one_half():
    plots = slice_plots("all examples", {"confusionMatrixAtThresholds": {"matrices": MATRICES}}, 2)
    assert plots.confusion == ((9.0, 1.0), (2.0, 8.0))
    assert [point.threshold for point in plots.thresholds] == [-1e-06, 0.5, 1.0]


def test_more_classes_are_counted_by_actual_and_predicted():
    entries = [
        {"numWeightedExamples": 5.0},
        {"actualClassId": 2, "predictedClassId": 1, "numWeightedExamples": 3.0},
        {"actualClassId": 1, "predictedClassId": -1, "numWeightedExamples": 1.0},
    ]
    plots = slice_plots("a=b", {"multiClassConfusionMatrixAtThresholds": {"matrices": [{"entries": entries}]}}, 3)
    assert plots.confusion == ((5.0, 0.0, 0.0), (0.0, 0.0, 0.0), (0.0, 3.0, 0.0))


def test_a_bucket_without_examples_isnt_calibrated():
    bucket = {"numWeightedExamples": 4.0, "totalWeightedLabel": 1.0, "totalWeightedRefinedPrediction": 2.0}
    plots = slice_plots("a=b", {"calibrationHistogramBuckets": {"buckets": [{"numWeightedExamples": 0.0}, bucket]}}, 2)
    ((found),) = plots.calibration
    assert (found.examples, found.predicted, found.observed) == (4.0, 0.5, 0.25)


@pytest.mark.parametrize(
    ("name", "value", "interval"),
    [
        ("accuracy", 0.85, (0.640, 0.948)),  # 17 of 20
        ("precision", 8 / 9, (0.565, 0.980)),  # 8 of 9
        ("recall", 0.8, (0.490, 0.943)),  # 8 of 10
    ],
)
def test_shares_have_wilsons_interval_of_their_own_count(name, value, interval):
    plots = slice_plots("all examples", {"confusionMatrixAtThresholds": {"matrices": MATRICES}}, 2)
    found = _metric(name, value, 20.0, plots)
    assert (found.low, found.high) == pytest.approx(interval, abs=1e-3)


def test_a_curve_over_one_class_has_no_value():
    one_class = {"confusionMatrixAtThresholds": {"matrices": [{"threshold": 0.5, "truePositives": 3.0}]}}
    plots = slice_plots("label=dog", one_class, 2)
    assert _metric("auc", 0.0, 3.0, plots).value is None
    assert _metric("accuracy", 1.0, 3.0, plots).value == 1.0
