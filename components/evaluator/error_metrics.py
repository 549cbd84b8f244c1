"""Metrics of a number to predict that TFMA doesn't have, in its form: its tools compute and read them."""

from abc import abstractmethod
from collections.abc import Iterable
from typing import Any

import apache_beam as beam
import numpy as np
import numpy.typing as npt
from tensorflow_model_analysis.metrics.metric_types import (
    DerivedMetricComputation,
    MetricComputation,
    MetricComputations,
    MetricKey,
    StandardMetricInputs,
)
from tensorflow_model_analysis.metrics.metric_util import to_label_prediction_example_weight

from components.evaluator.own_metric import OfModel
from components.evaluator.residuals import SIGNED, moments_of, quantile, residuals
from components.evaluator.statistics import Statistics, added

RESIDUALS = "_residuals"
PARTS_KEPT = 1_000
FIRST = np.zeros(1, np.int64)


class _OfResiduals(OfModel):
    """A value derived from the sums of a slice, which are computed once for all metrics."""

    def _computations(self, key: MetricKey, eval_config: Any) -> MetricComputations:
        where = {name: getattr(key, name) for name in ("model_name", "output_name", "example_weighted")}
        sums = MetricKey(RESIDUALS, **where)

        def value(metrics: dict[MetricKey, Any]) -> dict[MetricKey, Any]:
            return {key: self.value(metrics[sums])}

        combiner = AddResiduals(sums, eval_config, self.kwargs["center"])
        return [MetricComputation([sums], None, combiner), DerivedMetricComputation([key], value)]

    @abstractmethod
    def value(self, statistics: Statistics) -> float | npt.NDArray[np.float64]:
        """The metric; NaN where it is undefined."""


class RootMeanSquaredError(_OfResiduals):
    """Root of the mean squared error, in the label's unit."""

    def value(self, statistics: Statistics) -> float:
        """Of a slice."""
        return moments_of(statistics).rmse


class Determination(_OfResiduals):
    """R2: 1 less the mean squared error as a part of the labels' variance; TFMA has that of the best line only."""

    def value(self, statistics: Statistics) -> float:
        """Of a slice."""
        return moments_of(statistics).r2


class MeanError(_OfResiduals):
    """Mean of prediction less label."""

    def value(self, statistics: Statistics) -> float:
        """Of a slice."""
        return moments_of(statistics).mean(SIGNED)


class QuantileOfAbsoluteErrors(_OfResiduals):
    """The absolute error that a part of the examples (`share`) stays below or at."""

    def value(self, statistics: Statistics) -> float:
        """Of a slice."""
        return quantile(statistics, self.kwargs["share"])


class MomentsOfErrors(_OfResiduals):
    """The sums themselves, as `components.evaluator.residuals.Moments` takes them."""

    def value(self, statistics: Statistics) -> npt.NDArray[np.float64]:
        """Of a slice."""
        return moments_of(statistics).sums


class AddResiduals(beam.CombineFn):
    """Sums up as TFMA does it: example by example.

    Args:
        key: Of the sums.
        eval_config: Says what the model's output and the label are called.
        center: Is taken off the labels.
    """

    def __init__(self, key: MetricKey, eval_config: Any, center: float) -> None:
        self._key, self._eval_config, self._center = key, eval_config, center

    def create_accumulator(self) -> list[Statistics]:
        """Nothing yet."""
        return []

    def add_input(self, accumulator: list[Statistics], element: StandardMetricInputs) -> list[Statistics]:
        """Takes in an example."""
        for label, prediction, weight in to_label_prediction_example_weight(
            element,
            eval_config=self._eval_config,
            model_name=self._key.model_name,
            output_name=self._key.output_name,
            example_weighted=self._key.example_weighted,
        ):
            of_one = residuals(label.reshape(1), prediction.reshape(1), self._center, weight.reshape(1).astype(float))
            accumulator.append(of_one.of(FIRST))
        return [added(accumulator)] if len(accumulator) > PARTS_KEPT else accumulator

    def merge_accumulators(self, accumulators: Iterable[list[Statistics]]) -> list[Statistics]:
        """Takes in what other workers have."""
        return [each for accumulator in accumulators for each in accumulator]

    def extract_output(self, accumulator: list[Statistics]) -> dict[MetricKey, Statistics]:
        """The sums of all."""
        return {self._key: added(accumulator)}
