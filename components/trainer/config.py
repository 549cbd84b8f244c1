"""Settings that every kind of training shares."""

from typing import Literal, TypeAlias

StrategyName: TypeAlias = Literal["auto", "tpu", "mirrored", "multi_worker", "one_device"]
"""How training is distributed; see `components.trainer.strategy`."""
