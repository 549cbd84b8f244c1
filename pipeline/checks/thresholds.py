"""Checks that thresholds and slices name what exists: a run would notice only after hours of training."""

from collections.abc import Iterator

from typing_extensions import assert_never

from components import contract
from components.contract import REGRESSION
from components.evaluator.metric_names import NUMBER_METRICS, may_be_measured, measure, metric_names, names_in_words
from components.metric_text import LOWER_IS_BETTER
from components.wording import listed, nearest
from pipeline.checks.finding import Finding, fault, ok, warning
from pipeline.checks.look import Look
from pipeline.config import ImagePipeline, Pipeline, PipelineConfig, RowPipeline
from pipeline.profile.classes import MIN_CLASSES

PHOTO_FEATURES = (contract.LABEL, *contract.PHOTO_SLICES, contract.WIDTH, contract.HEIGHT, contract.PATH)


def check_thresholds(config: Pipeline, look: Look) -> list[Finding]:
    """Holds what the evaluation names against the metrics, features and classes that there are.

    Args:
        config: The pipeline.
        look: What is known of its data.
    """
    findings = [*_metrics(config, look), *_features(config, look), *_classes(config, look)]
    count = len(config.evaluation.thresholds)
    return findings or [ok("thresholds", f"{count} threshold{'s' * (count != 1)} on metrics and slices that exist")]


def _metrics(config: Pipeline, look: Look) -> Iterator[Finding]:
    if _predicts_number(config):
        yield from _number_metrics(config)
        return
    classes = sorted(look.classes) if look.classes and len(look.classes) >= MIN_CLASSES else []
    of = f" for {len(classes)} classes" if classes else ""
    known = metric_names(len(classes)) if classes else (*metric_names(2), *metric_names(MIN_CLASSES + 1))
    for metric in dict.fromkeys(threshold.metric for threshold in config.evaluation.thresholds):
        if not (measure(metric, classes) if classes else may_be_measured(metric)):
            text = f"A threshold names '{metric}', which isn't measured{of}{nearest(metric, known)}"
            yield fault("thresholds", text, f"Use one of {names_in_words(classes)}.")


def _number_metrics(config: PipelineConfig) -> Iterator[Finding]:
    for threshold in config.evaluation.thresholds:
        metric = threshold.metric
        if metric not in NUMBER_METRICS:
            meant = nearest(metric, NUMBER_METRICS)
            text = f"A threshold names '{metric}', which isn't measured for a number to predict{meant}"
            yield fault("thresholds", text, f"Use one of {', '.join(NUMBER_METRICS)}.")
        elif metric in LOWER_IS_BETTER and (threshold.max_drop is not None or threshold.at_least is not None):
            text = f"A threshold on '{metric}' asks for more of it, and less is better."
            yield warning("thresholds", text, "Set at_most, or max_rise for the change against the baseline.")


def _predicts_number(config: Pipeline) -> bool:
    match config:
        case ImagePipeline():
            return False
        case RowPipeline():
            return config.task == REGRESSION
        case _:
            assert_never(config)


def _features(config: Pipeline, look: Look) -> Iterator[Finding]:
    sliced = [*config.evaluation.slices, *(threshold.slice_feature for threshold in config.evaluation.thresholds)]
    if _predicts_number(config) and contract.LABEL in sliced:
        text = "A slice by the label would hold one number each, since the label is a number to predict."
        yield fault(
            "slices", text, "Slice by a column that is known beforehand, or by quarters of one (transform.slices)."
        )
    known = _known_features(config, look)
    if known is None:
        return
    cure = f"Use one of {listed(known, 40)}."
    bounded = dict.fromkeys(threshold.slice_feature for threshold in config.evaluation.thresholds)
    for name in [name for name in bounded if name and name not in known]:
        text = f"A threshold's slice names '{name}', which is no feature{nearest(name, known)}"
        yield fault("thresholds", text, cure)
    for name in [name for name in config.evaluation.slices if name not in known and name not in bounded]:
        text = f"evaluation.slices names '{name}', which is no feature{nearest(name, known)}"
        yield warning("slices", text, cure)


def _known_features(config: Pipeline, look: Look) -> tuple[str, ...] | None:
    match config:
        case ImagePipeline():
            return PHOTO_FEATURES
        case RowPipeline():
            return None if look.columns is None else (contract.LABEL, *look.columns, *config.transform.slices)
        case _:
            assert_never(config)


def _classes(config: PipelineConfig, look: Look) -> Iterator[Finding]:
    """A slice of a class that doesn't exist holds no example, and its threshold never passes."""
    for threshold in config.evaluation.thresholds:
        name = threshold.slice_value
        if threshold.slice_feature != contract.LABEL or name is None or look.classes is None or name in look.classes:
            continue
        text = f"A threshold's slice names the class '{name}', which doesn't exist{nearest(name, look.classes)}"
        yield fault("thresholds", text, f"Use one of {listed(sorted(look.classes))}.")
