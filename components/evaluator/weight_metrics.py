"""How many examples of one weight tell as much as those that there are, in TFMA's form, so that its tools read it."""

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
from components.intervals import effective_examples

WEIGHTS = "_weights"
"""TFMA's key of the sums: of the weights, and of their squares, float64 [2]."""

Sums = npt.NDArray[np.float64]


class EffectiveExampleCount(OfModel):
    """See `components.intervals.effective_examples`."""

    def _computations(self, key: MetricKey, eval_config: Any) -> MetricComputations:
        where = {name: getattr(key, name) for name in ("model_name", "output_name", "example_weighted")}
        sums = MetricKey(WEIGHTS, **where)

        def value(metrics: dict[MetricKey, Any]) -> dict[MetricKey, float]:
            return {key: effective_examples(*metrics[sums].tolist())}

        return [
            MetricComputation([sums], None, AddWeights(sums, eval_config)),
            DerivedMetricComputation([key], value),
        ]


class AddWeights(beam.CombineFn):
    """Sums up as TFMA does it: example by example.

    Args:
        key: Of the sums.
        eval_config: Says what the model's output and the label are called.
    """

    def __init__(self, key: MetricKey, eval_config: Any) -> None:
        self._key, self._eval_config = key, eval_config

    def create_accumulator(self) -> Sums:
        """Nothing yet."""
        return np.zeros(2)

    def add_input(self, accumulator: Sums, element: StandardMetricInputs) -> Sums:
        """Takes in an example."""
        for _, _, weight in to_label_prediction_example_weight(
            element,
            eval_config=self._eval_config,
            model_name=self._key.model_name,
            output_name=self._key.output_name,
            example_weighted=self._key.example_weighted,
            flatten=False,
        ):
            accumulator += np.sum(weight), np.sum(weight.astype(float) ** 2)
        return accumulator

    def merge_accumulators(self, accumulators: Iterable[Sums]) -> Sums:
        """Takes in what other workers have."""
        return sum(accumulators, self.create_accumulator())

    def extract_output(self, accumulator: Sums) -> dict[MetricKey, Sums]:
        """The sums of all."""
        return {self._key: accumulator}
