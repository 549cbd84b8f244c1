"""Measures what a model predicts of a number, as the Evaluator does it on the test split."""

import math
from collections.abc import Callable, Iterable, Iterator

import numpy as np

from components.evaluator.residuals import Floats, moments_of, quantile, residuals
from components.evaluator.statistics import Statistics
from components.ingest.report import Quarantined
from components.settings import Settings
from components.task import ServedTask
from pipeline.prediction.results import Prediction

WITH_INTERVALS = ("rmse", "mae", "r2", "mean_error")
QUANTILES = {"median_absolute_error": 0.5, "absolute_error_p90": 0.9}


class NumberMetric(Settings):
    """A value with its 95 % interval.

    Attributes:
        value: None where it isn't defined, such as R2 of rows with one label.
        low: Lower end; None where there is no interval.
        high: Upper end.
    """

    value: float | None
    low: float | None = None
    high: float | None = None


class NumberResult(Settings):
    """What an evaluation found; the records found are those evaluated and those quarantined.

    Attributes:
        model: The model's folder.
        label: The column of the number.
        evaluated: Records that the metrics are of.
        quarantined: Records that can't be read, or have no finite number as their label.
        metrics: By the Evaluator's names; empty where no record counts.
        guessing: The RMSE of always predicting the mean of these records' labels; None where no record counts.
        outside: Of the labels, how many are outside of what the training rows have; None where the model doesn't say.
        weight: Sum of the weights of the evaluated records; None where they have none and each counts once.
    """

    model: str
    label: str
    evaluated: int
    quarantined: int
    metrics: dict[str, NumberMetric]
    guessing: float | None
    outside: int | None
    weight: float | None = None


def evaluate_numbers(
    batches: Iterable[list[Prediction | Quarantined]],
    task: ServedTask,
    folder: str,
    tell: Callable[[Quarantined], None],
    *,
    weighted: bool = False,
) -> NumberResult:
    """Measures predictions of a number.

    Args:
        batches: Predictions with the number that the data says, and what couldn't be read.
        task: What the model says of the number.
        folder: The model's.
        tell: Is told of each record that isn't evaluated.
        weighted: Whether each record counts by its weight.
    """
    parts, quarantined = [np.zeros([0, 3])], 0
    for batch in batches:
        known = [(each.actual_value, each.value, each.weight) for each in batch if isinstance(each, Prediction)]
        parts.append(np.array(known, np.float64).reshape(-1, 3))
        for each in batch:
            if isinstance(each, Quarantined):
                tell(each)
        quarantined += len(batch) - len(known)
    labels, answers, each_weight = np.concatenate(parts).T
    weights = each_weight if weighted else None
    found = None
    if each_weight.sum() > 0:
        found = residuals(labels, answers, float(labels.mean()), weights).of(np.arange(len(labels)))
    return NumberResult(
        model=folder,
        label=task.label,
        evaluated=len(labels),
        quarantined=quarantined,
        metrics=dict(_metrics(found)) if found else {},
        guessing=math.sqrt(moments_of(found).label_variance) if found else None,
        outside=_outside(labels, task),
        weight=float(each_weight.sum()) if weighted else None,
    )


def _metrics(found: Statistics) -> Iterator[tuple[str, NumberMetric]]:
    moments = moments_of(found)
    for name in WITH_INTERVALS:
        estimate = moments.estimate(name)
        yield name, NumberMetric(**estimate._asdict()) if estimate else NumberMetric(value=None)
    for name, share in QUANTILES.items():
        yield name, NumberMetric(value=quantile(found, share))


def _outside(labels: Floats, task: ServedTask) -> int | None:
    if task.lowest is None or task.highest is None:
        return None
    return int(((labels < task.lowest) | (labels > task.highest)).sum())
