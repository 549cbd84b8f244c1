"""Defines the settings of the Trainer for rows."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import BeforeValidator, Field, model_validator

from components.settings import Settings
from components.trainer.config import TrainingSettings
from components.trainer.trees.config import Trees

Activation = Literal["elu", "relu", "gelu", "selu", "swish", "tanh"]

LabelScale: TypeAlias = Literal["standard", "log"]
"""What is learned of a number to predict; see `components.trainer.mlp.label_scale`."""


class MLP(Settings):
    """A multilayer perceptron.

    Attributes:
        kind: Which kind of model this is; a model that doesn't say it is of this one.
        widths: Units of each hidden layer.
        activation: Of the hidden layers.
        l1: Penalty on the absolute values of the hidden layers' weights.
        l2: Penalty on their squares.
        dropout: Fraction of each hidden layer's output dropped while training.
        batch_normalization: Whether each hidden layer is normalised before its activation: by the mean and the variance
            of the batch while training, by their moving averages afterwards (Ioffe and Szegedy, arXiv 1502.03167).
        share_embeddings: Whether all columns with embeddings keep them in one table, each value in a row of its own.
            All get as many numbers a value as the column that has most; of dozens of columns a step takes less time.
    """

    kind: Literal["mlp"] = "mlp"
    widths: Annotated[tuple[Annotated[int, Field(ge=1)], ...], Field(min_length=1)]
    activation: Activation = "elu"
    l1: float = Field(default=0.0, ge=0)
    l2: float = Field(default=0.0, ge=0)
    dropout: float = Field(default=0.0, ge=0, lt=1)
    batch_normalization: bool = False
    share_embeddings: bool = False


LARGE = (512, 512, 512, 512)

TUTORIAL = {
    "tiny": MLP(widths=(16,)),
    "small": MLP(widths=(16, 16)),
    "medium": MLP(widths=(64, 64, 64)),
    "large": MLP(widths=LARGE),
    "l2": MLP(widths=LARGE, l2=0.001),
    "dropout": MLP(widths=LARGE, dropout=0.5),
    "combined": MLP(widths=LARGE, l2=0.0001, dropout=0.5),
}
"""The seven of TensorFlow's tutorial "Overfit and underfit", from too small to too large to regularised."""

PRESETS = {**TUTORIAL, "l1": MLP(widths=LARGE, l1=0.00001)}
"""These, and the other penalty that the tutorial speaks of and doesn't train, which lets weights become 0. It pulls one
as hard near 0 as far from it: by the factor of l2 none would be left."""


def _as_network(value: Any) -> Any:
    """A model without a kind is a network: there was nothing else once."""
    return {"kind": "mlp", **value} if isinstance(value, Mapping) else value


RowModel: TypeAlias = Annotated[
    Annotated[MLP | Trees, Field(discriminator="kind")],
    BeforeValidator(_as_network),
]


def _presets() -> dict[str, MLP | Trees]:
    return {**TUTORIAL}


class MLPTraining(TrainingSettings):
    """How models of rows are trained, and which; see also `TrainingSettings`.

    What is said of epochs, batches and learning rates here is of networks; trees have settings of their own.

    Attributes:
        family: Which kind of training this is.
        models: Each model by its name, a multilayer perceptron or trees. Of several, the Tuner trains all, and the one
            with the lowest validation cross-entropy goes to the Trainer.
        optimizer: Adam, or Adam with decoupled weight decay (Loshchilov and Hutter, arXiv 1711.05101).
        weight_decay: Of "adamw": in each step a weight loses this share of itself, times the learning rate. Biases and
            what batch normalisation learns don't decay.
        learning_rate: The optimizer's, at the beginning.
        decay_epochs: After so many epochs the learning rate is 1 / (1 + decay_rate) of that, by inverse time decay.
        decay_rate: See above.
        batch_size: Rows in a training step, over all replicas together; None where `batch_size_per_replica` is given.
        max_epochs: Passes over the training rows, at most.
        patience: Training ends when the validation cross-entropy, without penalties, was no lower for so many epochs.
            The weights of the best epoch are kept.
        steps_per_execution: Training steps that run without coming back to Python; None for a whole epoch.
        cache_bytes: Packed training and validation rows, 4 bytes a number, are held in memory if they take no more than
            this; of more, so much at a time is read from a file in each epoch, in shuffled blocks.
        label_scale: Of a number to predict, what is learned: "standard" is (label - mean) / standard deviation, over
            the training rows; "log" is the same of the label's natural logarithm, for labels above 0 that differ by
            orders of magnitude. The model that is served answers in the label's own unit.
        seed: Seed of the weights, the shuffling and the dropout.
    """

    family: Literal["mlp"] = "mlp"
    models: dict[str, RowModel] = Field(default_factory=_presets, min_length=1)
    optimizer: Literal["adam", "adamw"] = "adam"
    weight_decay: float = Field(default=0.0, ge=0)
    learning_rate: float = Field(default=1e-3, gt=0)
    decay_epochs: float = Field(default=1000, gt=0)
    decay_rate: float = Field(default=1.0, ge=0)
    batch_size: int | None = Field(default=500, ge=1)
    max_epochs: int = Field(default=10_000, ge=1)
    patience: int = Field(default=200, ge=1)
    steps_per_execution: int | None = Field(default=None, ge=1)
    cache_bytes: int = Field(default=256 * 2**20, ge=0)
    label_scale: LabelScale = "standard"
    seed: int = Field(default=0, ge=0, lt=2**31)

    @model_validator(mode="after")
    def _names(self) -> "MLPTraining":
        wrong = [name for name in self.models if not name or not name.replace("_", "").replace("-", "").isalnum()]
        if wrong:
            raise ValueError(f"models: {wrong[0]!r} must be of letters, digits, - and _: it names a folder of logs")
        return self

    @model_validator(mode="after")
    def _the_warm_up_ends_before_the_training_does(self) -> "MLPTraining":
        if self.warm_up_epochs > self.max_epochs:
            raise ValueError(f"warm_up_epochs: {self.warm_up_epochs:g} are more than max_epochs={self.max_epochs}")
        return self

    @model_validator(mode="after")
    def _weight_decay(self) -> "MLPTraining":
        if self.weight_decay and self.optimizer == "adam":
            raise ValueError('weight_decay: "adam" has none; set optimizer="adamw", or l2 of a model')
        if self.optimizer == "adamw" and not self.weight_decay:
            raise ValueError('optimizer: "adamw" without a weight_decay is "adam"; set one, such as 0.01')
        return self

    @model_validator(mode="after")
    def _rows_to_normalise_by(self) -> "MLPTraining":
        normalised = [
            name for name, model in self.models.items() if isinstance(model, MLP) and model.batch_normalization
        ]
        if normalised and self.batch_of(1) == 1:
            raise ValueError(
                f"batch_size: of 1 row there is no variance, by which {normalised[0]!r} is to be normalised"
            )
        return self
