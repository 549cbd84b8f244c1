"""Proposes where the cut between two classes lies."""

from collections.abc import Mapping

from components.operating_point import Maximize
from pipeline.profile.classes import MIN_CLASSES, is_mostly_one


def operating_point_for(counts: Mapping[str, int]) -> Maximize | None:
    """Returns what the cut is to be chosen by; None where it is best at one half, and for more than two classes.

    Where nearly all is of one class, to answer it always would be right most often. Elsewhere one half is the best cut
    of calibrated probabilities, and one that is chosen on a few hundred examples follows their noise: docs/training.md.

    Args:
        counts: Examples by class.
    """
    if len(counts) != MIN_CLASSES or not is_mostly_one(counts):
        return None
    return Maximize(metric="balanced_accuracy")
