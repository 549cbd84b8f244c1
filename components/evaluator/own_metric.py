"""The base of metrics that TFMA doesn't have, in its form: its tools compute and read them."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any

from tensorflow_model_analysis.metrics.metric_types import Metric, MetricComputations, MetricKey


class OfModel(Metric, ABC):
    """A value for each model, of the settings that TFMA hands on."""

    def __init__(self, *, name: str, **settings: object) -> None:
        super().__init__(self._of_models, name=name, **settings)

    def _of_models(
        self,
        eval_config: Any = None,
        model_names: Sequence[str] = ("",),
        output_names: Sequence[str] = ("",),
        example_weighted: bool = False,
        **_: object,
    ) -> MetricComputations:
        keys = [
            MetricKey(self.name, model, output, example_weighted=example_weighted)
            for model in model_names
            for output in output_names
        ]
        return [each for key in keys for each in self._computations(key, eval_config)]

    @abstractmethod
    def _computations(self, key: MetricKey, eval_config: Any) -> MetricComputations:
        """What TFMA sums up, and what is derived from that."""
