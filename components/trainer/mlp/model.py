"""Builds the network: dense layers, normalised or not, with penalties and dropout, and a head.

The head has one output, or a logit per class. Before the layers codes become numbers, where the vector has codes.
"""

import tensorflow as tf
import tf_keras as keras

from components.trainer.config import Precision
from components.trainer.dropout import Dropout
from components.trainer.mlp.config import MLP
from components.trainer.mlp.encoding import Encoding
from components.transform.vector import VectorLayout

MOMENTUM = 0.9
"""Of the moving averages of batch normalisation, which have to keep up with epochs of a few steps: Keras's 0.99 still
holds a third of what it began with after a hundred."""


def build_model(
    settings: MLP, features: VectorLayout | int, classes: int, seed: int, precision: Precision = "float32"
) -> keras.Model:
    """Returns the network.

    Args:
        settings: Its layers.
        features: The vector that goes in, or its length where it has numbers alone.
        classes: Number of classes, 2 or more; 0 where a number is to be predicted.
        seed: Seed of the weights and the dropout.
        precision: What the hidden layers compute with.

    Returns:
        A model from float32 [batch, features] to float32 logits [batch, 1] for two classes, else [batch, classes]; for
        a number [batch, 1], what is learned of it.
    """
    policy = keras.mixed_precision.Policy(precision)
    penalty = keras.regularizers.L1L2(settings.l1, settings.l2) if settings.l1 or settings.l2 else None
    layout = None if isinstance(features, int) else features
    vector = keras.Input([layout.width if layout else features], name="features")
    hidden = vector
    if layout and layout.coded:
        hidden = Encoding(layout, seed, shared=settings.share_embeddings)(vector)
    normalised = settings.batch_normalization
    for number, width in enumerate(settings.widths):
        # Or Keras's number would depend on what the process has built before.
        name = f"hidden_{number + 1}"
        layer = keras.layers.Dense(
            width,
            None if normalised else settings.activation,
            use_bias=not normalised,  # the normalisation takes it away, and has one of its own
            kernel_initializer=keras.initializers.GlorotUniform(seed + number),
            kernel_regularizer=penalty,
            name=name,
            dtype=policy,
        )
        hidden = layer(hidden)
        if normalised:
            # Synchronized: two replicas train what one would. bfloat16 has too few digits for a variance.
            hidden = keras.layers.BatchNormalization(
                momentum=MOMENTUM, synchronized=True, name=f"{name}_normalization", dtype="float32"
            )(hidden)
            hidden = keras.layers.Activation(settings.activation, name=f"{name}_activation", dtype=policy)(hidden)
        if settings.dropout:
            hidden = Dropout(settings.dropout, seed + number, name=f"{name}_dropout", dtype=policy)(hidden)
    head = keras.layers.Dense(
        1 if classes <= 2 else classes,
        kernel_initializer=keras.initializers.GlorotUniform(seed + len(settings.widths)),
        name="head",
        dtype="float32",
    )
    return keras.Model(vector, head(hidden))


def crossentropy_name(classes: int) -> str:
    """Returns Keras's name of the cross-entropy for a number of classes, 2 or more."""
    return "binary_crossentropy" if classes == 2 else "sparse_categorical_crossentropy"


def crossentropies(logits: tf.Tensor, ids: tf.Tensor) -> tf.Tensor:
    """Returns the cross-entropy of each row, float32 [batch].

    Args:
        logits: float32 [batch, 1] or [batch, classes].
        ids: int64 [batch].
    """
    if logits.shape[1] == 1:
        return tf.nn.sigmoid_cross_entropy_with_logits(tf.cast(ids, tf.float32), logits[:, 0])
    return tf.nn.sparse_softmax_cross_entropy_with_logits(ids, logits)


def is_correct(logits: tf.Tensor, ids: tf.Tensor) -> tf.Tensor:
    """Returns for each row 1 if the likeliest class is right, else 0: float32 [batch]; arguments as above."""
    predicted = tf.cast(logits[:, 0] > 0, tf.int64) if logits.shape[1] == 1 else tf.argmax(logits, axis=1)
    return tf.cast(tf.equal(predicted, ids), tf.float32)
