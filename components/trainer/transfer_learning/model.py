"""Builds the network: augmentation, a base without its top, pooling, dropout, and a logit or softmax head.

Where there is no base, dense layers on the pixels stand for it.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Literal, TypeAlias

import tensorflow as tf
import tf_keras as keras

from components.errors import TransferlineError
from components.trainer.class_weights import Weights
from components.trainer.config import Precision
from components.trainer.dropout import Dropout
from components.trainer.transfer_learning.augmentation import RandomChange, changes
from components.trainer.transfer_learning.bases import MOBILENET_V2, Base
from components.trainer.transfer_learning.config import Augmentation, TransferLearning
from components.transform.config import PixelScale

HeadKind: TypeAlias = Literal["logit", "softmax"]

LEAST_PROBABILITY = 1e-30
"""What float32 has still in full; the logarithm of 0 is no number."""

POOLING, DROPOUT, HEAD = "pooling", "dropout", "head"


class Classifier(keras.Model):
    """A Keras model whose training steps cost no more than they must.

    AutoGraph would rewrite the source of tf_keras, layer by layer, before the first step of each phase, which takes
    25 s of processor time: it spares the package `keras`, but doesn't know its new name.
    """

    @tf.autograph.experimental.do_not_convert
    def train_step(self, data: tuple[tf.Tensor, tf.Tensor]) -> dict[str, tf.Tensor]:
        """Trains on one batch and returns the metrics."""
        photos, ids = data
        # Keras lets the tape watch frozen variables too, and has gradients through the whole base built for nothing.
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(self.trainable_variables)
            output = self(photos, training=True)
            loss = self.compute_loss(photos, ids, output)
        self.optimizer.minimize(loss, self.trainable_variables, tape=tape)
        return self.compute_metrics(photos, ids, output, None)

    @tf.autograph.experimental.do_not_convert
    def test_step(self, data: tuple[tf.Tensor, tf.Tensor]) -> dict[str, tf.Tensor]:
        """Evaluates one batch and returns the metrics."""
        return super().test_step(data)

    @tf.autograph.experimental.do_not_convert
    def predict_step(self, data: tf.Tensor) -> tf.Tensor:
        """Returns the output for one batch."""
        return super().predict_step(data)


def head_kind(settings: TransferLearning, classes: int) -> HeadKind:
    """Returns which head fits the number of classes.

    Args:
        settings: The trainer's settings.
        classes: Number of classes, 2 or more.

    Raises:
        TransferlineError: One logit can't tell more than two classes apart.
    """
    if settings.head == "auto":
        return "logit" if classes == 2 else "softmax"
    if settings.head == "logit" and classes > 2:
        raise TransferlineError(
            f"A head of one logit tells two classes apart; the training photos have {classes}.",
            place="trainer.head",
            cure='Use head "auto" or "softmax".',
        )
    return settings.head


@contextmanager
def precision_policy(precision: Precision) -> Iterator[None]:
    """Lets the layers built within compute in a precision; Keras's applications take it from nowhere else."""
    before = keras.mixed_precision.global_policy()
    keras.mixed_precision.set_global_policy(precision)
    try:
        yield
    finally:
        keras.mixed_precision.set_global_policy(before)


def build_base(image_size: int, base: Base = MOBILENET_V2) -> keras.Model:
    """Returns a base without its top, frozen, with random weights.

    Args:
        image_size: Height and width of the photos, in pixels; 160 gives MobileNetV2 an output of [batch, 5, 5, 1280].
        base: Which.
    """
    shape = (image_size, image_size, 3)
    build = getattr(keras.applications, base.name)
    network: keras.Model = build(input_shape=shape, include_top=False, weights=None, **base.arguments)
    # The name that Keras gives MobileNetV2 tells the input size; this one is the same for every size.
    network._name = base.name.lower()
    network.trainable = False
    return network


def dense_layers(image_size: int, widths: Sequence[int]) -> keras.Model:
    """Returns what stands where there is no base: dense layers with ReLU on the pixels, all of which learn.

    Args:
        image_size: Height and width of the photos, in pixels.
        widths: Units of each layer.
    """
    layers = [keras.layers.Dense(units, activation="relu") for units in widths]
    return keras.Sequential(
        [keras.Input((image_size, image_size, 3)), keras.layers.Flatten(), *layers], name="dense_layers"
    )


def augmentation_layers(settings: Augmentation, scale: PixelScale, seed: int) -> list[keras.layers.Layer]:
    """Returns the layers that change training photos at random and pass others on unchanged."""
    layers: list[keras.layers.Layer] = []
    if settings.horizontal_flip:
        layers.append(keras.layers.RandomFlip("horizontal", seed=seed, name="random_flip", dtype="float32"))
    return [*layers, *(RandomChange(change, seed + number) for number, change in enumerate(changes(settings, scale)))]


def build_model(settings: TransferLearning, base: keras.Model, classes: int) -> Classifier:
    """Puts the network together on top of a base.

    Args:
        settings: The trainer's settings.
        base: The convolutional base, as `build_base` returns it, or what `dense_layers` returns.
        classes: Number of classes, 2 or more.

    Returns:
        A model from photos, float32 [batch, size, size, 3], to logits [batch, 1] or, for a softmax head,
        probabilities [batch, classes], float32 whatever it computes in.
    """
    photos = keras.Input(base.input_shape[1:], name="image")
    features = photos
    for layer in augmentation_layers(settings.augmentation, settings.scale, settings.seed):
        features = layer(features)
    # training=False keeps BatchNormalization in inference mode for good: fine tuning on small batches would
    # otherwise overwrite the statistics of ImageNet.
    features = base(features, training=False)
    averages = settings.pooling == "avg" and settings.base is not None
    pooling = keras.layers.GlobalAveragePooling2D if averages else keras.layers.Flatten
    features = Dropout(settings.dropout, settings.seed, name=DROPOUT)(pooling(name=POOLING)(features))
    if head_kind(settings, classes) == "logit":
        head = keras.layers.Dense(1, name=HEAD, dtype="float32")
    else:
        head = keras.layers.Dense(classes, activation="softmax", name=HEAD, dtype="float32")
    return Classifier(photos, head(features))


def unfreeze(base: keras.Model, from_layer: int) -> None:
    """Lets the layers of the base from an index on learn, and no other.

    Args:
        base: The convolutional base.
        from_layer: Index of the first layer that learns; 100 leaves 54 of the base's 156 trainable variables.
    """
    base.trainable = True
    for layer in base.layers[:from_layer]:
        layer.trainable = False


def logits_of(output: tf.Tensor, head: HeadKind) -> tf.Tensor:
    """Returns the logits of what a head gives: logarithms of probabilities are as good as those before the softmax."""
    return output if head == "logit" else tf.math.log(tf.maximum(output, LEAST_PROBABILITY))


class WeightedLoss(keras.losses.Loss):
    """A loss, in which each photo weighs as much as its class.

    Args:
        loss: The loss, which gives one value a photo if it is asked to.
        class_weights: float32 [classes].
    """

    def __init__(self, loss: keras.losses.Loss, class_weights: Weights) -> None:
        super().__init__(name=loss.name)
        self._of_each, self._class_weights = loss.call, tf.constant(class_weights)

    def call(self, ids: tf.Tensor, output: tf.Tensor) -> tf.Tensor:
        """Returns the weighted loss of each photo, float32 [batch]."""
        ids = tf.reshape(ids, [-1, 1])  # as Keras hands them on: of one axis it would make one mean
        return self._of_each(ids, output) * tf.gather(self._class_weights, tf.cast(ids[:, 0], tf.int32))


def loss_of(head: HeadKind, class_weights: Weights | None = None) -> keras.losses.Loss:
    """Returns the loss that fits the head's output.

    Args:
        head: What the head gives.
        class_weights: What the loss of a photo of each class is multiplied by, float32 [classes]; None for 1 each.
    """
    if head == "logit":
        loss = keras.losses.BinaryCrossentropy(from_logits=True)
    else:
        loss = keras.losses.SparseCategoricalCrossentropy()
    return loss if class_weights is None else WeightedLoss(loss, class_weights)


def metrics_of(head: HeadKind) -> Sequence[keras.metrics.Metric]:
    """Returns the accuracy that fits the head's output; a logit of 0 is a probability of one half."""
    if head == "logit":
        return [keras.metrics.BinaryAccuracy(name="accuracy", threshold=0.0)]
    return [keras.metrics.SparseCategoricalAccuracy(name="accuracy")]
