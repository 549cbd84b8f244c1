"""Proposes where the cut between two classes lies."""

from collections.abc import Mapping

from components.operating_point import Maximize
from pipeline.profile.classes import MIN_CLASSES, is_mostly_one


def operating_point_for(counts: Mapping[str, int]) -> Maximize | None:
    """Returns what the cut is to be chosen by; None for more than two classes.

    Args:
        counts: Examples by class.
    """
    if len(counts) != MIN_CLASSES:
        return None
    # Where nearly all is of one class, to answer it always would be right most often.
    return Maximize(metric="balanced_accuracy" if is_mostly_one(counts) else "accuracy")
