"""Weighs the examples of a training's loss, by their classes."""

from collections.abc import Sequence
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from components.errors import TransferlineError
from components.trainer.config import TrainingSettings
from components.wording import listed

Weights: TypeAlias = npt.NDArray[np.float32]


def class_weights(settings: TrainingSettings, class_names: Sequence[str], examples: Sequence[float]) -> Weights | None:
    """Returns the weight of an example of each class; None where they all weigh the same.

    The mean over the training examples is 1, so that a learning rate means what it meant: only how the weights relate
    to each other counts. "balanced" is inversely proportional to how many examples a class has, as in scikit-learn; to
    the power of an exponent below 1 it lies between that and none.

    Args:
        settings: What is asked for.
        class_names: In the order of their numbers.
        examples: Training examples of each class, or the sum of their own weights.

    Returns:
        float32 [classes].

    Raises:
        TransferlineError: A weight is given for a class of which there is no training example.
    """
    counts = np.asarray(examples, np.float64)
    if settings.class_weights is None:
        return None
    if settings.class_weights == "balanced":
        weights = np.where(counts > 0, counts, np.inf) ** -settings.class_weight_exponent
    else:
        _check_classes(settings.class_weights, [name for name, count in zip(class_names, counts, strict=True) if count])
        weights = np.array([settings.class_weights.get(name, 1.0) for name in class_names])
    return (weights * (counts.sum() / (weights * counts).sum())).astype(np.float32)


def by_name(class_names: Sequence[str], weights: Weights | None) -> dict[str, float]:
    """Returns the weights by class, for people; empty where they all weigh the same."""
    return {} if weights is None else dict(zip(class_names, map(float, weights), strict=True))


def _check_classes(weights: dict[str, float], there: Sequence[str]) -> None:
    unknown = [name for name in weights if name not in there]
    if unknown:
        raise TransferlineError(
            f"A weight is given for {listed(unknown)}, of which there is no training example.",
            place="trainer.class_weights",
            cure=f"Name classes of the training split: {listed(there, 40)}.",
        )
