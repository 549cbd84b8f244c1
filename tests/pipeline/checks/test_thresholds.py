import pytest

from components.evaluator.config import Evaluation, Threshold
from pipeline import catalog
from pipeline.checks.look import Look
from pipeline.checks.thresholds import check_thresholds

TWO = frozenset({"cat", "dog"})


def found(name, look, *thresholds, slices=()):
    evaluation = Evaluation(thresholds=tuple(Threshold(at_least=0, **each) for each in thresholds), slices=slices)
    config = catalog.load(name).model_copy(update={"evaluation": evaluation})
    return [(finding.level, finding.text) for finding in check_thresholds(config, look)]


@pytest.mark.parametrize("name", catalog.names())
def test_the_catalogs_own_are_well(name):
    config = catalog.load(name)
    columns = getattr(config.data, "columns", None)
    assert [finding.level for finding in check_thresholds(config, Look((), columns=columns))] == ["ok"]


def test_an_unknown_metric_gets_the_nearest():
    assert found("photos", Look((), TWO), {"metric": "acuracy"}) == [
        ("fault", "A threshold names 'acuracy', which isn't measured for 2 classes (did you mean 'accuracy'?)")
    ]


def test_metrics_that_name_a_number_or_a_class():
    two, three, anything = Look((), TWO), Look((), TWO | {"fox"}), Look(())
    levels = {
        metric: [found("photos", look, {"metric": metric})[0][0] for look in (two, three, anything)]
        for metric in (
            "recall_at_precision_0.9",
            "top_2_accuracy",
            "recall_of_fox",
            "f1_macro",
            "recall_at_precision_9",
        )
    }
    assert levels == {
        "recall_at_precision_0.9": ["ok", "fault", "ok"],
        "top_2_accuracy": ["fault", "ok", "ok"],
        "recall_of_fox": ["fault", "ok", "ok"],
        "f1_macro": ["fault", "ok", "ok"],
        "recall_at_precision_9": ["fault", "fault", "fault"],
    }


def test_more_than_two_classes_have_no_auc():
    three = Look((), TWO | {"fox"})
    assert found("photos", three, {"metric": "auc"})[0][0] == "fault"
    assert found("photos", Look((), TWO), {"metric": "auc"})[0][0] == "ok"
    assert found("photos", Look(()), {"metric": "auc"})[0][0] == "ok"  # how many there are isn't known


def test_an_unknown_slice_is_a_fault_of_a_threshold_and_a_warning_elsewhere():
    both = found("photos", Look((), TWO), {"metric": "accuracy", "slice": "lable"}, slices=("lable", "image/form"))
    assert both == [
        ("fault", "A threshold's slice names 'lable', which is no feature (did you mean 'label'?)"),
        ("warning", "evaluation.slices names 'image/form', which is no feature (did you mean 'image/format'?)"),
    ]


def test_rows_are_sliced_by_columns_and_by_what_transform_makes():
    look = Look((), columns=("m_bb",))
    known = [{"metric": "auc", "slice": name} for name in ("m_bb", "m_bb_quartile", "label")]
    assert found("higgs", look, *known)[0][0] == "ok"
    assert found("higgs", look, {"metric": "auc", "slice": "m_jj"})[0][0] == "fault"
    assert found("higgs", Look(()), {"metric": "auc", "slice": "m_jj"})[0][0] == "ok"  # the columns aren't known


def test_a_slice_of_a_class_that_does_not_exist():
    assert found("photos", Look((), TWO), {"metric": "accuracy", "slice": "label=cats"}) == [
        ("fault", "A threshold's slice names the class 'cats', which doesn't exist (did you mean 'cat'?)")
    ]


def of_number(*thresholds, slices=()):
    evaluation = Evaluation(thresholds=thresholds, slices=slices)
    config = catalog.load("higgs_toy").model_copy(update={"evaluation": evaluation, "task": "regression"})
    return [(finding.level, finding.text) for finding in check_thresholds(config, Look((), columns=("m_bb",)))]


def test_a_number_to_predict_has_metrics_of_its_own():
    assert of_number(
        Threshold(metric="rmse", at_most=1, max_rise=0), Threshold(metric="r2", at_least=0, max_drop=0)
    ) == [("ok", "2 thresholds on metrics and slices that exist")]
    assert of_number(Threshold(metric="rsme", at_most=1)) == [
        ("fault", "A threshold names 'rsme', which isn't measured for a number to predict (did you mean 'rmse'?)")
    ]
    assert of_number(Threshold(metric="accuracy", at_least=1))[0][0] == "fault"


def test_less_of_an_error_is_better():
    for wrong in {"max_drop": 0.1}, {"at_least": 3}:
        ((level, text),) = of_number(Threshold(metric="mae", **wrong))
        assert (level, text) == ("warning", "A threshold on 'mae' asks for more of it, and less is better.")
    assert of_number(Threshold(metric="mean_error", at_least=-1, at_most=1))[0][0] == "ok"


def test_a_number_to_predict_is_nothing_to_slice_by():
    faults = of_number(Threshold(metric="mae", at_most=1), slices=("label", "m_bb"))
    assert faults == [
        ("fault", "A slice by the label would hold one number each, since the label is a number to predict.")
    ]
