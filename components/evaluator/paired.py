"""Sets a model beside the baseline, example by example: that tells more than two values and their intervals."""

import math
import os
from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import tensorflow as tf

from components.evaluator.predicted import Classes, Number, Predicted
from components.evaluator.statistics import Floats, Found, SliceKey, Statistics
from components.intervals import QUANTILE, effective_examples
from components.operating_point import EVEN
from components.outcome import Paired, PairedErrors

PAIRED: tuple[SliceKey, str] = ((), "paired")
"""Where the sums stand among the statistics of slices and models."""

PAIRED_FILE = "paired.json"
EXAMPLES, BETTER, WORSE = "examples", "better", "worse"
WEIGHT, GAINED = "weight", "gained"
SQUARED_WEIGHT, WEIGHTED_GAIN, SQUARED_GAIN = "squared_weight", "weighted_gain", "squared_gain"
"""Sums of the squares of the weights, of them times the gain, and of them times its square."""
UNANSWERED = "unanswered"
"""Sums: to how many of the examples the baseline gives no answer."""


def paired_sums(
    predicted: Predicted,
    answers: Mapping[str, tuple[Floats, Floats]],
    candidate: str,
    cuts: Mapping[str, float],
    weights: Floats | None = None,
) -> Found:
    """Returns the sums over a batch; nothing where there is no model to compare with.

    Args:
        predicted: What the models predict.
        answers: By name of the model: labels, and what it predicts.
        candidate: The name of the model that is evaluated.
        cuts: Of two classes, by name of the model: above it, the second is predicted.
        weights: Of the examples; None for 1 each. They are those of errors: each right answer counts once.
    """
    others = [name for name in answers if name != candidate]
    if not others:
        return {}
    (other,) = others
    if isinstance(predicted, Number):
        now, before = (_squared_errors(*answers[name]) for name in (candidate, other))
        gained = before - now
        of_each = np.ones(len(gained)) if weights is None else weights
        sums = {
            WEIGHT: of_each.sum(),
            GAINED: of_each @ gained,
            SQUARED_WEIGHT: of_each @ of_each,
            WEIGHTED_GAIN: of_each**2 @ gained,
            SQUARED_GAIN: of_each**2 @ gained**2,
        }
    else:
        now, before = (_hits(predicted, *answers[name], cuts.get(name, EVEN)) for name in (candidate, other))
        sums = {BETTER: (now > before).sum(), WORSE: (now < before).sum()}
    sums |= {EXAMPLES: len(now), UNANSWERED: unanswered(answers[other][1]).sum()}
    totals = {name: float(each) for name, each in sums.items()}
    return {PAIRED: Statistics(totals, {})}


def unanswered(predictions: Floats) -> npt.NDArray[np.bool_]:
    """Returns to which examples a model gives no answer, bool [examples]: to some, it is no finite number.

    Args:
        predictions: [examples], or [examples, classes].
    """
    return ~np.isfinite(predictions).reshape(len(predictions), -1).all(axis=1)


def write_paired(sums: Statistics | None, folder: str) -> None:
    """Writes `paired.json` where there was a model to compare with, and something weighs anything."""
    if sums is None:
        return
    totals, examples = sums.totals, int(sums.totals[EXAMPLES])
    if totals[UNANSWERED]:
        paired = Paired(examples=examples, unanswered=int(totals[UNANSWERED]))
    elif totals.get(WEIGHT) == 0:
        return
    elif GAINED in totals:
        paired = Paired(examples=examples, errors=_errors(totals))
    else:
        better, worse = int(totals[BETTER]), int(totals[WORSE])
        paired = Paired(examples=examples, better=better, worse=worse, chance=chance_of(better, worse))
    with tf.io.gfile.GFile(os.path.join(folder, PAIRED_FILE), "w") as file:
        file.write(paired.model_dump_json())


def read_paired(folder: str) -> Paired | None:
    """Reads `paired.json` from an evaluation's folder; None where there is none."""
    path = os.path.join(folder, PAIRED_FILE)
    if not tf.io.gfile.exists(path):
        return None
    with tf.io.gfile.GFile(path) as file:
        return Paired.model_validate_json(file.read())


def chance_of(better: int, worse: int) -> float:
    """Returns how likely two models that are equally good differ by as much or more.

    It is McNemar's test in its exact form: of the examples that one of them alone gets right, each has half (McNemar,
    Psychometrika 12, 1947).

    Args:
        better: Examples that only the one gets right.
        worse: Examples that only the other gets right.
    """
    from scipy import stats  # noqa: PLC0415 (workers don't wait for it)

    return float(stats.binomtest(better, better + worse).pvalue) if better + worse else 1.0


def _hits(predicted: Classes, labels: Floats, predictions: Floats, cut: float) -> Floats:
    answered = predictions > cut if len(predicted.names) == 2 else tf.argmax(predictions, axis=1).numpy()
    return (answered == labels).astype(np.float64)


def _squared_errors(labels: Floats, predictions: Floats) -> Floats:
    return (predictions.astype(np.float64) - labels.astype(np.float64)) ** 2


def _errors(totals: Mapping[str, float]) -> PairedErrors:
    """The weighted mean difference of the squared errors, and its interval by its standard error."""
    weight = totals[WEIGHT]
    mean = totals[GAINED] / weight
    squares = totals[SQUARED_GAIN] - 2 * mean * totals[WEIGHTED_GAIN] + mean**2 * totals[SQUARED_WEIGHT]
    examples = effective_examples(weight, totals[SQUARED_WEIGHT])
    variance = max(0.0, squares) / weight**2 * examples / (examples - 1) if examples > 1 else math.inf
    half = QUANTILE * math.sqrt(variance)
    return PairedErrors(difference=-mean, low=-mean - half, high=-mean + half)
