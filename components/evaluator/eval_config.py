"""Translates thresholds and slices into TFMA's EvalConfig."""

import json
import sys

import tensorflow_model_analysis as tfma
from tensorflow_model_analysis.proto import config_pb2
from typing_extensions import assert_never

from components.evaluator.config import Evaluation, Threshold
from components.evaluator.metric_names import EFFECTIVE_COUNT, EXAMPLE_COUNT, WEIGHTED_COUNT, Measure
from components.evaluator.predicted import Classes, Number, Predicted
from components.evaluator.signatures import LABEL_SIGNATURE, SLICE_SIGNATURE

PACKAGE = "components.evaluator"


def eval_config(
    evaluation: Evaluation, predicted: Predicted, *, makes_slices: bool = False, weight: str = ""
) -> config_pb2.EvalConfig:
    """Builds TFMA's configuration for a model.

    Two classes are evaluated on the probability of the second one, more on the scores of all. Slices go by feature
    keys and values only, which every TFMA release understands.

    Args:
        evaluation: Slices and thresholds.
        predicted: What the model predicts: a number, or one of two classes or more.
        makes_slices: Whether the candidate makes columns to slice by. Only its own are asked for: a row belongs to one
            slice, whatever the baseline's bounds were.
        weight: The feature with each example's weight; "" where they all count the same. How many examples there are
            isn't weighted.

    Returns:
        An EvalConfig with a candidate and a baseline model; TFX drops the baseline where there is none.
    """
    models = [
        config_pb2.ModelSpec(
            name=name,
            is_baseline=name == tfma.BASELINE_KEY,
            signature_name="serving_default",
            preprocessing_function_names=[
                LABEL_SIGNATURE,
                *([SLICE_SIGNATURE] if makes_slices and name == tfma.CANDIDATE_KEY else []),
            ],
            label_key=predicted.label_key,
            prediction_key=predicted.prediction_key,
            example_weight_key=weight,
        )
        for name in (tfma.CANDIDATE_KEY, tfma.BASELINE_KEY)
    ]
    asked = (threshold.metric for threshold in evaluation.thresholds)
    measured = {name: _measured(name, measure) for name, measure in predicted.measures(asked).items()}
    count = measured.pop(EXAMPLE_COUNT) if weight else None
    if weight:
        measured[WEIGHTED_COUNT] = _measured(WEIGHTED_COUNT, Measure("WeightedExampleCount"))
    if weight and isinstance(predicted, Classes):  # a number's moments have it
        effective = Measure("EffectiveExampleCount", module="weight_metrics")
        measured[EFFECTIVE_COUNT] = _measured(EFFECTIVE_COUNT, effective)
    metrics = [_with_thresholds(metric, evaluation) for metric in measured.values()]
    return config_pb2.EvalConfig(
        model_specs=models,
        slicing_specs=[
            config_pb2.SlicingSpec(),
            *(config_pb2.SlicingSpec(feature_keys=[key]) for key in sliced_by(evaluation)),
        ],
        metrics_specs=[
            config_pb2.MetricsSpec(metrics=[*metrics, *_plots(predicted)]),
            *([_unweighted(_with_thresholds(count, evaluation))] if count else []),
        ],
    )


def _unweighted(metric: config_pb2.MetricConfig) -> config_pb2.MetricsSpec:
    return config_pb2.MetricsSpec(metrics=[metric], example_weights=config_pb2.ExampleWeightOptions(unweighted=True))


def sliced_by(evaluation: Evaluation) -> tuple[str, ...]:
    """Returns each feature once, in the order given, those that only thresholds name last."""
    named = [*evaluation.slices, *(threshold.slice_feature for threshold in evaluation.thresholds)]
    return tuple(feature for feature in dict.fromkeys(named) if feature)


def _measured(name: str, measure: Measure) -> config_pb2.MetricConfig:
    config = json.dumps({"name": name, **measure.settings})
    module = f"{PACKAGE}.{measure.module}" if measure.module else ""
    return config_pb2.MetricConfig(class_name=measure.class_name, config=config, module=module)


def _plots(predicted: Predicted) -> list[config_pb2.MetricConfig]:
    match predicted:
        case Classes(names):
            return _binary_plots() if len(names) == 2 else _multiclass_plots()
        case Number():
            return []
        case _:
            assert_never(predicted)


def _binary_plots() -> list[config_pb2.MetricConfig]:
    plots = {"confusion_matrix_plot": "ConfusionMatrixPlot", "calibration_plot": "CalibrationPlot"}
    return [_measured(name, Measure(class_name)) for name, class_name in plots.items()]


def _multiclass_plots() -> list[config_pb2.MetricConfig]:
    # From 0 on, so that the likeliest class counts as the predicted one however likely it is.
    plot = Measure("MultiClassConfusionMatrixPlot", {"thresholds": [0.0]})
    return [_measured("multi_class_confusion_matrix_plot", plot)]


def _name(metric: config_pb2.MetricConfig) -> str:
    return str(json.loads(metric.config)["name"])


def _with_thresholds(metric: config_pb2.MetricConfig, evaluation: Evaluation) -> config_pb2.MetricConfig:
    for threshold in evaluation.thresholds:
        if threshold.metric != _name(metric):
            continue
        # Never `metric.threshold`: TFMA holds that against every slice, not only against all examples.
        bounds = metric.per_slice_thresholds.add()  # the message itself has no name in newer releases
        bounds.slicing_specs.append(slicing_spec(threshold))
        bounds.threshold.CopyFrom(_metric_threshold(threshold))
    return metric


def slicing_spec(threshold: Threshold) -> config_pb2.SlicingSpec:
    """Returns which slices a threshold is for, as TFMA has it."""
    if not threshold.slice:
        return config_pb2.SlicingSpec()
    if threshold.slice_value is None:
        return config_pb2.SlicingSpec(feature_keys=[threshold.slice_feature])
    return config_pb2.SlicingSpec(feature_values={threshold.slice_feature: threshold.slice_value})


def _metric_threshold(threshold: Threshold) -> config_pb2.MetricThreshold:
    bounds = config_pb2.MetricThreshold()
    # TFX drops a change threshold where there is no baseline, and doesn't bless what nothing is left to hold against.
    bounds.value_threshold.lower_bound.value = -sys.float_info.max
    if threshold.at_least is not None:
        bounds.value_threshold.lower_bound.value = threshold.at_least
    if threshold.at_most is not None:
        bounds.value_threshold.upper_bound.value = threshold.at_most
    if threshold.max_drop is not None:
        bounds.change_threshold.direction = config_pb2.MetricDirection.HIGHER_IS_BETTER
        bounds.change_threshold.absolute.value = -threshold.max_drop
    if threshold.max_rise is not None:
        bounds.change_threshold.direction = config_pb2.MetricDirection.LOWER_IS_BETTER
        bounds.change_threshold.absolute.value = threshold.max_rise
    return bounds
