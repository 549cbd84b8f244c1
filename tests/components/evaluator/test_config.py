import pytest
from pydantic import ValidationError

from components.evaluator.config import Evaluation, Threshold


@pytest.mark.parametrize(
    ("threshold", "feature", "value"),
    [
        (Threshold(metric="auc", at_least=0), "", None),
        (Threshold(metric="auc", at_least=0, slice="label"), "label", None),
        (Threshold(metric="auc", at_least=0, slice="label=a=b"), "label", "a=b"),
    ],
)
def test_a_slice_is_all_examples_a_feature_or_one_value(threshold, feature, value):
    assert (threshold.slice_feature, threshold.slice_value) == (feature, value)


def test_a_threshold_without_a_bound_is_refused():
    with pytest.raises(ValidationError, match="needs at_least"):
        Threshold(metric="auc")


def test_a_model_that_nothing_is_asked_of_is_refused():
    with pytest.raises(ValidationError, match="thresholds"):
        Evaluation(thresholds=())


def test_a_change_is_bounded_in_both_directions_by_two_thresholds():
    rise, drop = Threshold(metric="calibration", max_rise=0.1), Threshold(metric="calibration", max_drop=0.1)
    assert Evaluation(thresholds=(rise, drop)).thresholds == (rise, drop)
    with pytest.raises(ValidationError, match="write them as two"):
        Threshold(metric="calibration", max_drop=0.1, max_rise=0.1)


def test_the_same_threshold_twice_is_refused():
    with pytest.raises(ValidationError, match="two thresholds on auc in 'label'"):
        Evaluation(
            thresholds=(
                Threshold(metric="auc", slice="label", at_least=0.5),
                Threshold(metric="auc", slice="label", at_most=0.9),
            )
        )
