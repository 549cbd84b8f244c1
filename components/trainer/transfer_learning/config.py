"""Defines the settings of the Trainer for photos."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from components.settings import Settings
from components.trainer.config import TrainingSettings
from components.trainer.transfer_learning.bases import BASES, PIXELS_ALONE, Base, BaseName
from components.transform.config import PixelScale


class Augmentation(Settings):
    """Random changes of the training photos, made inside the model, each as Keras's layer of that name makes it.

    What comes into a photo from beyond its edges is its mirror image there.

    Attributes:
        horizontal_flip: Whether to mirror photos at random.
        rotation: Photos are turned by up to this fraction of a full turn, either way; 0 turns none.
        zoom: Photos are made smaller or larger by up to this fraction; 0 leaves their size.
        translation: Photos are moved by up to this fraction of their height and of their width, either way.
        crop: A window that is smaller than the photo by this fraction of its height and width, anywhere in it, is
            taken out and made as large as the photo was; 0 takes none.
        contrast: How far pixels are from their channel's mean is multiplied by 1 minus to 1 plus this.
        brightness: Up to this fraction of the way from black to white is added to all pixels, or taken from them.
    """

    horizontal_flip: bool = True
    rotation: float = Field(default=0.2, ge=0, le=0.5)
    zoom: float = Field(default=0.0, ge=0, lt=1)
    translation: float = Field(default=0.0, ge=0, lt=1)
    crop: float = Field(default=0.0, ge=0, lt=1)
    contrast: float = Field(default=0.0, ge=0, le=1)
    brightness: float = Field(default=0.0, ge=0, le=1)


class PhaseSettings(Settings):
    """What both phases have.

    Attributes:
        epochs: Passes over the training photos, at most.
        learning_rate: The optimizer's, at the beginning.
        schedule: The learning rate of the phase's steps: "constant", or "cosine", which falls from it to 0 by the
            phase's last epoch along half a cosine (Loshchilov and Hutter, arXiv 1608.03983, without restarts).
        patience: The phase ends when the validation loss was no lower for so many epochs; None goes through them all.
    """

    epochs: int = Field(ge=0)
    learning_rate: float = Field(gt=0)
    schedule: Literal["constant", "cosine"] = "constant"
    patience: int | None = Field(default=None, ge=1)


class FeatureExtraction(PhaseSettings):
    """Phase 1: the base is frozen and the head learns, with Adam.

    Attributes:
        epochs: Passes over the training photos, at most.
        learning_rate: Adam's learning rate.
    """

    epochs: int = Field(default=10, ge=1)
    learning_rate: float = Field(default=1e-4, gt=0)


class FineTuning(PhaseSettings):
    """Phase 2: the upper layers of the base learn too, with RMSprop.

    Attributes:
        epochs: Passes over the training photos, at most; 0 skips the phase.
        learning_rate: RMSprop's learning rate.
        from_layer: Index of the first layer of the base that learns; None for the base's own default, which is 100 of
            the 154 of MobileNetV2.
    """

    epochs: int = Field(default=10, ge=0)
    learning_rate: float = Field(default=1e-5, gt=0)
    from_layer: int | None = Field(default=None, ge=0)


DENSE_WIDTHS = (500, 50)
"""Of the first model of Keras's tutorial on flowers."""


class TransferLearning(TrainingSettings):
    """A pretrained network with a new head, trained in two phases; see also `TrainingSettings`.

    Attributes:
        family: Which kind of model this is.
        base: The pretrained network, as `keras.applications` calls it. None for none: dense layers on the pixels, in
            one phase, which needs `fine_tuning.epochs` 0.
        widths: With `base` None, the units of each dense layer below the head.
        weights: Where the weights of the base come from: "imagenet", the path of a Keras .h5 file, or None (random).
        pooling: How the base's output becomes a vector: the average of each channel, or all of it. Pixels are always
            taken as they are.
        head: One logit or a softmax layer; "auto" is a logit for two classes and softmax for more.
        dropout: Fraction of the pooled features dropped while training.
        augmentation: Random changes of the training photos.
        views: Views of each training photo, of which each epoch takes one: the photo as it is, and changed ones. What
            the frozen layers make of them is computed once and stored; "fresh" changes the photos anew in each epoch.
        feature_extraction: Phase 1.
        fine_tuning: Phase 2.
        restore_best_weights: Whether the weights of the epoch with the lowest validation loss go on into phase 2, and
            into the model that is exported; otherwise those of the last epoch.
        batch_size: Photos in a training step, over all replicas together; None where `batch_size_per_replica` is given.
        seed: Seed of the head's weights, the shuffling, the dropout and the augmentation.
        steps_per_execution: Training steps that run without coming back to Python; more help a TPU.
        cache_bytes: Decoded training and validation photos are kept in memory if they take no more than this.
        store_bytes: Bound on what is stored of the views, on disk; a training that needs more takes fresh ones.
    """

    family: Literal["transfer_learning"] = "transfer_learning"
    base: BaseName | None = "MobileNetV2"
    widths: tuple[Annotated[int, Field(ge=1)], ...] = DENSE_WIDTHS
    weights: str | None = Field(default="imagenet", min_length=1)
    pooling: Literal["avg", "flatten"] = "avg"
    head: Literal["auto", "logit", "softmax"] = "auto"
    dropout: float = Field(default=0.2, ge=0, lt=1)
    augmentation: Augmentation = Augmentation()
    views: Annotated[int, Field(ge=1)] | Literal["fresh"] = 3
    feature_extraction: FeatureExtraction = FeatureExtraction()
    fine_tuning: FineTuning = FineTuning()
    restore_best_weights: bool = True
    batch_size: int | None = Field(default=32, ge=1)
    seed: int = Field(default=0, ge=0, lt=2**31)
    steps_per_execution: int = Field(default=1, ge=1)
    cache_bytes: int = Field(default=4 * 2**30, ge=0)
    store_bytes: int = Field(default=10 * 2**30, ge=0)

    @property
    def pretrained(self) -> Base | None:
        """What the base is and needs; None where there is none."""
        return None if self.base is None else BASES[self.base]

    @property
    def scale(self) -> PixelScale:
        """What the network takes pixels scaled to."""
        return PIXELS_ALONE if self.pretrained is None else self.pretrained.scale

    @property
    def first_to_learn(self) -> int:
        """Index of the layer of the base that fine tuning begins at."""
        chosen = self.fine_tuning.from_layer
        if chosen is None and self.pretrained is not None:
            return self.pretrained.unfreeze_from
        return chosen or 0

    @property
    def files(self) -> tuple[str, ...]:
        """The file of weights, if one is named."""
        return () if self.weights in (None, "imagenet") else (self.weights,)

    @property
    def doubt(self) -> str:
        """See `TrainingSettings`."""
        first, second = self.feature_extraction.learning_rate, self.fine_tuning.learning_rate
        if not self.fine_tuning.epochs or second < first:
            return ""
        return (
            f"trainer.fine_tuning.learning_rate={second:g} isn't below trainer.feature_extraction.learning_rate="
            f"{first:g}: in large steps the pretrained layers forget what they know, and the model overfits."
        )

    @model_validator(mode="after")
    def _the_warm_up_ends_before_a_phase_does(self) -> "TransferLearning":
        for name, phase in (("feature_extraction", self.feature_extraction), ("fine_tuning", self.fine_tuning)):
            if phase.epochs and self.warm_up_epochs > phase.epochs:
                raise ValueError(f"warm_up_epochs: {self.warm_up_epochs:g} are more than {name}.epochs={phase.epochs}")
        return self

    @model_validator(mode="after")
    def _layers_are_of_the_base(self) -> "TransferLearning":
        base, chosen = self.pretrained, self.fine_tuning.from_layer
        if base is not None and chosen is not None and chosen >= base.layers:
            last = base.layers - 1
            raise ValueError(
                f"fine_tuning.from_layer: {base.name} has {base.layers} layers, of which {last} is the last"
            )
        return self

    @model_validator(mode="after")
    def _settings_are_of_pixels_or_of_a_base(self) -> "TransferLearning":
        if self.base is not None:
            if self.widths != DENSE_WIDTHS:
                raise ValueError(f'widths: they are of base=None, and base is "{self.base}"')
            return self
        if self.fine_tuning.epochs:
            raise ValueError("fine_tuning.epochs: base=None has no layers to fine-tune; set it to 0")
        if self.files:
            raise ValueError(
                'weights: base=None has no pretrained layers; leave "imagenet", which is not loaded, or None'
            )
        return self
