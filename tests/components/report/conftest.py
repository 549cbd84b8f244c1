"""A review with all its parts, and names that would break a page that didn't escape them."""

import pytest
from report_samples import NASTY, check, curves

from components.ingest.report import Duplicate, Quarantined
from components.outcome import Decision, Step
from components.report.evaluation import Evaluated, by_class
from components.report.review import (
    Anomaly,
    CalibrationBucket,
    DataReview,
    EvaluationReview,
    FeatureStatistics,
    HistogramBar,
    Metric,
    Mistake,
    Mistakes,
    Review,
    Sample,
    SlicePlots,
    SliceResult,
    ThresholdPoint,
    TrainingReview,
)
from components.report.run_view import Change, Origin, RunView

OF_BOTH = {
    "specificity": 25 / 40,
    "negative_predictive_value": 25 / 35,
    "recall": 50 / 60,
    "precision": 50 / 65,
}


@pytest.fixture
def evaluation():
    def point(threshold, *counts):
        return ThresholdPoint(
            threshold=threshold,
            true_positives=counts[0],
            false_positives=counts[1],
            true_negatives=counts[2],
            false_negatives=counts[3],
        )

    points = (point(0.0, 60, 40, 0, 0), point(0.5, 50, 15, 25, 10), point(1.0, 0, 0, 40, 60))
    slices = [
        SliceResult(
            name=name,
            count=count,
            metrics={
                "crossentropy": Metric(value=loss),
                "accuracy": Metric(value=accuracy, low=accuracy - 0.1, high=accuracy + 0.1),
                "auc": Metric(value=None),
            },
            baseline={"accuracy": 0.7},
        )
        for name, count, accuracy, loss in (
            ("all examples", 100, 0.75, 0.5),
            (f"label={NASTY}", 60, 0.9, 0.3),
            ("label=dog", 40, 0.525, 0.8),
            ("place=here", 8, 0.25, 1.5),
        )
    ]
    buckets = (
        CalibrationBucket(examples=40, predicted=0.2, observed=0.3),
        CalibrationBucket(examples=60, predicted=0.9, observed=0.8),
    )
    plots = tuple(
        SlicePlots(name=each.name, thresholds=points, calibration=buckets, confusion=((25, 15), (10, 50)))
        for each in slices
    )
    decision = Decision(
        blessed=False,
        metrics={"accuracy": 0.75},
        checks=(check(), check(slice="label=dog", value=0.525, passed=False)),
        baseline_uri="model/1",
    )
    names = ("dog", NASTY)
    return EvaluationReview(
        decision=decision,
        class_names=names,
        slices=tuple(slices),
        plots=plots,
        classes=tuple(by_class(names, Evaluated(OF_BOTH, plots[0].confusion))),
    )


@pytest.fixture
def weighted(evaluation):
    """The same of rows with weights."""
    more = {"weighted_example_count": Metric(value=420.128), "effective_example_count": Metric(value=70.0)}
    slices = [each.model_copy(update={"metrics": {**each.metrics, **more}}) for each in evaluation.slices]
    return evaluation.model_copy(update={"slices": tuple(slices)})


@pytest.fixture
def review(evaluation):
    number = FeatureStatistics(
        name="width",
        split="train",
        kind="number",
        present=100,
        missing=0,
        mean=3.5,
        deviation=1.0,
        lowest=0,
        median=3.0,
        highest=9,
        zeros=1,
        histogram=(HistogramBar(low=0, high=5, count=80), HistogramBar(low=5, high=9, count=20)),
    )
    text = FeatureStatistics(
        name=NASTY, split="train", kind="text", present=99, missing=1, unique=2, top=((NASTY, 60.0), ("b", 39.0))
    )
    row = Sample(label="dog", columns={"width": "3", NASTY: NASTY})
    return Review(
        pipeline="pets",
        data=DataReview(
            found=130,
            counts={"train": {"dog": 40, NASTY: 60}, "eval": {"dog": 5}, "test": {"dog": 23}},
            quarantined=2,
            quarantine=(Quarantined(place=f"{NASTY}.jpg", reason="truncated"),),
            duplicates=(Duplicate(places=("train/dog: a", "test/dog: b"), splits=("test", "train"), labels=("dog",)),),
            statistics=(number, text),
            anomalies=(Anomaly(split="train", feature="width", description=f"Too wide {NASTY}"),),
            samples={"dog": (row,)},
        ),
        training=TrainingReview(curves=curves(weights={"sha256": "0123456789abcdef" * 4})),
        evaluation=evaluation,
        mistakes=Mistakes(
            seen=100, wrong={"dog": 15}, worst={"dog": (Mistake(sample=row, predicted=NASTY, confidence=0.97),)}
        ),
    )


@pytest.fixture
def run_view():
    return RunView(
        run_id="20260102T000000-00001",
        status="not_blessed",
        seconds=12.0,
        steps=(
            Step(name="ImageExampleGen", started=1, seconds=4, cached=True, reason="same inputs"),
            Step(name="Trainer", started=5, seconds=7, cached=False, reason="its code changed"),
        ),
        previous="20260101T000000-00001",
        changes=(Change(what="accuracy", before="0.7000", now="0.7500"),),
        settings={"trainer.seed": NASTY},
        lineage=(Origin(name="Trainer: model", uri=f"/models/{NASTY}"),),
        versions={"python": "3.10"},
        commit="1a2b3c4d5e6f, and 2 files changed since",
        log="/logs/a.log",
    )
