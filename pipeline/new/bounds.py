"""Proposes what a new pipeline's model must reach: more than guessing does by chance."""

from collections.abc import Mapping

from components.evaluator.config import Threshold
from components.evaluator.metric_names import metric_names
from pipeline.profile.classes import accuracy_at_least, balanced_accuracy_at_least, is_mostly_one

BALANCED = "balanced_accuracy"


def above_guessing(counts: Mapping[str, int], above: float, test: int, drop: float) -> Threshold:
    """Returns the first threshold: on the accuracy, or on the balanced one where nearly all is of one class.

    Args:
        counts: How many records there are, by class.
        above: Which part of the way from what guessing reaches to 1 the accuracy must be at least.
        test: About how many records test the model.
        drop: How far the value may fall below the baseline's.
    """
    if not is_mostly_one(counts):
        return Threshold(metric="accuracy", at_least=accuracy_at_least(counts, above, test), max_drop=drop)
    if BALANCED in metric_names(len(counts)):
        return Threshold(metric=BALANCED, at_least=balanced_accuracy_at_least(counts, test), max_drop=drop)
    return Threshold(metric="accuracy", max_drop=drop)
