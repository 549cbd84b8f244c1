"""Computes layers of the base with batch normalization folded into the convolutions.

In inference mode BatchNormalization is a scale and an offset a channel (Ioffe and Szegedy, "Batch Normalization",
arXiv 1502.03167, algorithm 2), with s = gamma / sqrt(variance + epsilon):

    gamma (convolution(x, kernel) - mean) / sqrt(variance + epsilon) + beta = convolution(x, s kernel) + beta - s mean

On the right the scale costs a pass over the kernel, not over the activations, forward and backward; it is part of what
is differentiated, so gamma and beta learn as they do on the left. A convolution of 1x1 is a product of matrices, whose
gradients TensorFlow computes faster as such. Variables and results are the same but for the order of roundings.
"""

from collections.abc import Sequence
from inspect import signature
from typing import NamedTuple, TypeAlias

import tensorflow as tf
import tf_keras as keras

INPUT = -1
"""Stands for the input of the base where a layer's index does for its output."""

Convolution: TypeAlias = keras.layers.Conv2D | keras.layers.DepthwiseConv2D


class Step(NamedTuple):
    """Layers that are computed at once: one, or a convolution, its normalization and perhaps an activation.

    Attributes:
        layers: The layers, each of which takes what the one before it gives.
        sources: Indices in the base of the layers whose outputs the first of them takes.
        made: Index of the last of them.
    """

    layers: tuple[keras.layers.Layer, ...]
    sources: tuple[int, ...]
    made: int


class FoldedLayers(keras.layers.Layer):
    """The layers of a base between one and others, in inference mode; they stay the base's own.

    Args:
        base: The convolutional base, which computes in float32.
        below: The layer whose output is the input; None where it is the base's own.
        outputs: The layers whose outputs are returned.
    """

    def __init__(
        self, base: keras.Model, below: keras.layers.Layer | None, outputs: Sequence[keras.layers.Layer]
    ) -> None:
        super().__init__()
        first = base.layers.index(below) if below else INPUT
        made = [base.layers.index(layer) for layer in outputs]
        # Keras finds what may learn in its attributes, so the layers are one; a function isn't looked into.
        self.inner = base.layers[first + 1 : max(made) + 1]
        steps = _steps(base, first, made)
        self._computed = lambda inputs: _computed(steps, first, made, inputs)

    def call(self, inputs: tf.Tensor) -> list[tf.Tensor]:
        """Returns the outputs for what `below` gives, float32 [batch, height, width, channels]."""
        return self._computed(inputs)


def sources(base: keras.Model) -> list[tuple[int, ...]]:
    """Returns, for each layer of a base, the indices of the layers whose outputs it takes, and INPUT for the base's."""
    made_by = {id(layer.get_output_at(0)): index for index, layer in enumerate(base.layers)}
    # What Keras calls a layer's input is its first argument; a sum of two tensors has them as two.
    return [
        tuple(made_by.get(id(tensor), INPUT) for tensor in layer.inbound_nodes[0].keras_inputs) for layer in base.layers
    ]


def _steps(base: keras.Model, first: int, made: Sequence[int]) -> list[Step]:
    taken = sources(base)
    steps: list[Step] = []
    index = first + 1
    while index <= max(made):
        layers = [base.layers[index]]
        if _can_be_scaled(layers[0]):
            for kind in (keras.layers.BatchNormalization, keras.layers.ReLU):
                last = index + len(layers) - 1
                follows = [above for above, below in enumerate(taken) if last in below]
                if follows != [last + 1] or last in made or not isinstance(base.layers[last + 1], kind):
                    break
                layers.append(base.layers[last + 1])
        steps.append(Step(tuple(layers), taken[index], index + len(layers) - 1))
        index += len(layers)
    return steps


def _can_be_scaled(layer: keras.layers.Layer) -> bool:
    return isinstance(layer, keras.layers.Conv2D | keras.layers.DepthwiseConv2D) and not layer.use_bias


# AutoGraph would rewrite the source of tf_keras.
@tf.autograph.experimental.do_not_convert
def _computed(steps: Sequence[Step], first: int, made: Sequence[int], inputs: tf.Tensor) -> list[tf.Tensor]:
    values = {first: inputs}
    for step in steps:
        given = [values[source] for source in step.sources]
        values[step.made] = _folded(step.layers, *given) if len(step.layers) > 1 else _alone(step.layers[0], given)
    return [values[index] for index in made]


def _alone(layer: keras.layers.Layer, given: list[tf.Tensor]) -> tf.Tensor:
    node = layer.inbound_nodes[0]
    values = {id(tensor): value for tensor, value in zip(node.keras_inputs, given, strict=True)}
    # An operation has arguments that are no tensors, such as the 3 of x + 3.
    arguments, named = tf.nest.map_structure(
        lambda argument: values.get(id(argument), argument), (node.call_args, node.call_kwargs)
    )
    # Or a normalization that nothing could be folded into, or a dropout, would take the mode of the model around it.
    if "training" in signature(layer.call).parameters:
        named = {**named, "training": False}
    return layer(*arguments, **named)


def _folded(layers: Sequence[keras.layers.Layer], inputs: tf.Tensor) -> tf.Tensor:
    convolution, normalization, *activations = layers
    scale = normalization.gamma * tf.math.rsqrt(normalization.moving_variance + normalization.epsilon)
    made = _scaled(convolution, scale, inputs)
    made = tf.nn.bias_add(made, normalization.beta - normalization.moving_mean * scale)
    for activation in activations:
        made = activation(made)
    # A convolution of 1x1 comes as a matrix, in which TensorFlow joins product, offset and activation.
    return tf.reshape(made, [-1, *convolution.get_output_shape_at(0)[1:]])


def _scaled(convolution: Convolution, scale: tf.Tensor, inputs: tf.Tensor) -> tf.Tensor:
    """The convolution with its kernel scaled; that of 1x1 as a matrix [batch * height * width, channels]."""
    strides, padding = [1, *convolution.strides, 1], convolution.padding.upper()
    if isinstance(convolution, keras.layers.DepthwiseConv2D):
        return tf.nn.depthwise_conv2d(inputs, convolution.depthwise_kernel * scale[:, tf.newaxis], strides, padding)
    kernel = convolution.kernel * scale
    if convolution.kernel_size == (1, 1) and convolution.strides == (1, 1):
        return tf.reshape(inputs, [-1, inputs.shape[-1]]) @ tf.reshape(kernel, kernel.shape[2:])
    return tf.nn.conv2d(inputs, kernel, strides, padding)
