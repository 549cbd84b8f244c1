"""Defines the settings that every kind of training shares."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import Field, model_validator

from components.operating_point import OperatingPoint
from components.settings import Settings

StrategyName: TypeAlias = Literal["auto", "tpu", "mirrored", "multi_worker", "one_device"]
"""How training is distributed; see `components.trainer.strategy`."""

Precision: TypeAlias = Literal["float32", "mixed_bfloat16"]
"""Numbers that layers compute with; variables, outputs and losses are float32 in both."""


class TrainingSettings(Settings):
    """Where and how a training computes, whatever it trains.

    Attributes:
        strategy: How training is distributed; "auto" takes a TPU or several GPUs where there are any.
        workers: Processes on this machine that train together, on its processors, with the strategy "multi_worker".
            Where the environment has TF_CONFIG, that says which workers there are, and none is started.
        open_worker_ports: Whether these workers may use this machine's network. Each is a TensorFlow server, which
            listens on every address without a login and executes any graph that it is given: whoever reaches it reads
            and writes the files of the user. If False, the workers get a network of their own with nothing but
            loopback, and a run is refused where the system forbids that or a path is remote.
        precision: "mixed_bfloat16" halves the memory of activations, and is faster on a TPU and on newer GPUs.
        batch_size: Examples in a training step, over all replicas together; None where it is said for each.
        batch_size_per_replica: Examples in a training step on each replica, in place of `batch_size`: a batch grows
            with the devices.
        learning_rate_scaling: "linear" multiplies the learning rate by the replicas, as the batch is (Goyal et al.
            2017, arXiv 1706.02677); None leaves it. It needs `batch_size_per_replica`.
        warm_up_epochs: The learning rate grows from step to step, from nearly 0 to what it is without, over so many
            epochs at the beginning, and of photos at the beginning of each phase; 0 begins with it.
        checkpoint_seconds: A checkpoint is saved at the end of an epoch if the last one is older than this; 0 saves one
            after every epoch.
        class_weights: How the loss weighs an example by its class: "balanced", inversely to how many training examples
            the class has; a number by class name, 1 for each that isn't named; None for all alike. Only how they relate
            to each other counts: they are scaled so that the mean over the training examples is 1. Training and
            validation loss are weighted alike; the Evaluator's metrics never are.
        class_weight_exponent: "balanced" weights are taken to this power, from 0 (all alike) to 1.
        calibrate: Whether probabilities are calibrated by one temperature, found on the validation split; nothing is
            changed where that has fewer than 200 examples.
        operating_point: Of two classes, by what the probability is chosen, on the validation split, above which the
            second one is answered; None for one half.
    """

    strategy: StrategyName = "auto"
    workers: int = Field(default=1, ge=1)
    open_worker_ports: bool = False
    precision: Precision = "float32"
    batch_size: int | None = Field(default=32, ge=1)
    batch_size_per_replica: int | None = Field(default=None, ge=1)
    learning_rate_scaling: Literal["linear"] | None = None
    warm_up_epochs: float = Field(default=0.0, ge=0)
    checkpoint_seconds: float = Field(default=30.0, ge=0)
    class_weights: Literal["balanced"] | dict[str, Annotated[float, Field(gt=0, allow_inf_nan=False)]] | None = None
    class_weight_exponent: float = Field(default=1.0, ge=0, le=1)
    calibrate: bool = False
    operating_point: OperatingPoint | None = None

    def batch_of(self, replicas: int) -> int:
        """Returns how many examples a training step has on so many replicas together."""
        return self.batch_size or (self.batch_size_per_replica or 0) * replicas

    @property
    def files(self) -> tuple[str, ...]:
        """Files that a training reads besides its examples."""
        return ()

    @property
    def doubt(self) -> str:
        """What of the settings may not be meant, in a sentence; "" where there is nothing."""
        return ""

    @model_validator(mode="before")
    @classmethod
    def _a_batch_size_per_replica_takes_the_place_of_the_default(cls, values: Any) -> Any:
        if isinstance(values, Mapping) and values.get("batch_size_per_replica") and "batch_size" not in values:
            return {**values, "batch_size": None}
        return values

    @model_validator(mode="after")
    def _one_batch_size(self) -> "TrainingSettings":
        if (self.batch_size is None) == (self.batch_size_per_replica is None):
            raise ValueError("batch_size: give either this or batch_size_per_replica, and set the other to none")
        if self.learning_rate_scaling and self.batch_size_per_replica is None:
            raise ValueError(
                "learning_rate_scaling: it needs batch_size_per_replica; a batch_size doesn't grow with the replicas"
            )
        return self

    @model_validator(mode="after")
    def _exponents_are_of_balanced_weights(self) -> "TrainingSettings":
        if self.class_weight_exponent != 1 and self.class_weights != "balanced":
            raise ValueError('class_weight_exponent: it needs class_weights="balanced"')
        return self

    @model_validator(mode="after")
    def _workers_need_their_strategy(self) -> "TrainingSettings":
        if self.workers > 1 and self.strategy != "multi_worker":
            raise ValueError(f'workers: {self.workers} need strategy="multi_worker", not "{self.strategy}"')
        return self
