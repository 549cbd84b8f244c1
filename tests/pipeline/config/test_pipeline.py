import pytest

from components.errors import TransferlineError
from pipeline import catalog
from pipeline.config.overrides import apply_overrides
from pipeline.config.pipeline import OF_CLASSES

SET = {
    "data.classes": '["a", "b"]',
    "data.split.stratify": "true",
    "data.split.count_conflicts": "true",
    "gate.fail_on_label_conflict": "true",
    "gate.max_conflicts": "0.1",
    "gate.fail_on_missing_class": "true",
    "trainer.class_weights": "balanced",
    "trainer.calibrate": "true",
    "trainer.operating_point": '{"kind": "at_recall", "recall": 0.8}',
}


def with_settings(*assignments):
    return apply_overrides(catalog.load("higgs_toy"), ["data.classes=[]", *assignments])


@pytest.mark.parametrize("key", OF_CLASSES)
def test_what_means_classes_only_is_refused_by_name_where_a_number_is_predicted(key):
    with pytest.raises(TransferlineError, match=f"{key}: that is of classes, and task=.regression. predicts a number"):
        with_settings("task=regression", f"{key}={SET[key]}")
    with_settings(f"{key}={SET[key]}")


def test_what_means_numbers_only_is_refused_by_name_where_classes_are_told_apart():
    with pytest.raises(TransferlineError, match=r"trainer\.label_scale: that is of a number to predict"):
        with_settings("trainer.label_scale=log")
    assert with_settings("task=regression", "trainer.label_scale=log").trainer.label_scale == "log"


def test_a_number_to_predict_is_of_no_other_type():
    config = with_settings("task=regression")
    assert with_settings("task=regression", f"data.types.{config.data.label}=float").task == "regression"
    with pytest.raises(TransferlineError, match="is the label, a number to predict, and types says string"):
        with_settings("task=regression", f"data.types.{config.data.label}=string")
