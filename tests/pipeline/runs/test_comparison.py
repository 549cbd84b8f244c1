from components.outcome import Step, ThresholdCheck
from pipeline import catalog
from pipeline.config.overrides import apply_overrides, flattened
from pipeline.runs.comparison import compare
from pipeline.runs.record import Counts, RunRecord


def threshold(metric, bound, passed, kind="at_least"):
    return ThresholdCheck(
        metric=metric, slice="all examples", kind=kind, value=0.8, bound=bound, baseline=None, passed=passed
    )


def record(run_id, **changes):
    return RunRecord(run_id=run_id, status="pushed", **changes)


def test_metrics_have_a_difference_where_both_runs_have_them():
    compared = compare(
        record("a", metrics={"accuracy": 0.5, "auc": 0.75}), record("b", metrics={"accuracy": 0.25, "x": 1})
    )
    assert [(pair.name, pair.a, pair.b, pair.difference) for pair in compared.metrics] == [
        ("accuracy", 0.5, 0.25, -0.25),
        ("auc", 0.75, None, None),
        ("x", None, 1.0, None),
    ]


def test_only_thresholds_whose_bound_or_outcome_changed_are_told():
    a = record(
        "a", thresholds=(threshold("same", 0.7, True), threshold("outcome", 0.7, True), threshold("gone", 0, True))
    )
    b = record(
        "b",
        thresholds=(
            threshold("same", 0.7 + 1e-9, True).model_copy(update={"value": 0.9}),
            threshold("outcome", 0.7, False),
            threshold("gone", 0, True, kind="at_most"),
        ),
    )
    assert [(pair.metric, pair.kind, bool(pair.a), bool(pair.b)) for pair in compare(a, b).thresholds] == [
        ("outcome", "at_least", True, True),
        ("gone", "at_least", True, False),
        ("gone", "at_most", False, True),
    ]


def test_settings_that_differ_have_their_dotted_keys():
    digits = catalog.load("digits")
    changed = apply_overrides(digits, ["trainer.seed=3", "evaluation.slices=[]"])
    a, b = (record(name, config=config.model_dump(mode="json")) for name, config in (("a", digits), ("b", changed)))
    compared = compare(a, b)
    assert compared.settings_known
    assert [(pair.key, pair.a, pair.b) for pair in compared.settings] == [
        ("trainer.seed", 0, 3),
        ("evaluation.slices", ["label", "image/brightness_bucket"], []),
    ]


def test_a_run_without_settings_has_none_that_differ():
    compared = compare(record("a"), record("b", config={"name": "digits"}))
    assert (compared.settings, compared.settings_known) == ((), False)


def test_lists_of_groups_are_numbered_and_lists_of_values_are_not():
    assert flattened({"a": {"b": [{"c": 1}, {"d": 2}], "e": [1, 2], "f": {}}}) == {
        "a.b.0.c": 1,
        "a.b.1.d": 2,
        "a.e": [1, 2],
        "a.f": {},
    }


def test_counts_and_steps():
    a = record("a", counts=Counts(train=8), steps=(Step(name="Trainer", seconds=9, cached=False),), seconds=10)
    b = record("b", steps=(Step(name="Tuner", seconds=1, cached=True),), seconds=2)
    compared = compare(a, b)
    assert (compared.counts[0].name, compared.counts[0].a, compared.counts[0].b) == ("train", 8, 0)
    assert [(pair.name, pair.a is None, pair.b is None) for pair in compared.steps] == [
        ("Trainer", False, True),
        ("Tuner", True, False),
    ]
    assert (compared.seconds, compared.status) == ((10, 2), ("pushed", "pushed"))
