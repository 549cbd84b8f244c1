"""Cuts the network where nothing below learns any more.

What is below a cut is a constant of the photo and its view: it is computed once, and what is above is trained on it.
The parts share their layers with the whole model, which is the one that is exported.
"""

from collections.abc import Callable, Sequence

import tensorflow as tf
import tf_keras as keras

from components.trainer.transfer_learning.folded import FoldedLayers, sources
from components.trainer.transfer_learning.model import DROPOUT, HEAD, POOLING, Classifier


def last_cut(base: keras.Model, from_layer: int) -> keras.layers.Layer | None:
    """Returns the last layer of the base whose output is all that the layers which learn are given.

    Args:
        base: The convolutional base.
        from_layer: Index of the first layer that may learn; layers without weights don't.

    Returns:
        None where there is no such layer, or only the input: then nothing is constant.
    """
    layers, taken = base.layers, sources(base)
    learning = next((index for index in range(from_layer, len(layers)) if layers[index].weights), len(layers))
    for index in reversed(range(learning)):
        used_above = {source for above in taken[index + 1 :] for source in above}
        if not used_above & set(range(index)):
            return None if isinstance(layers[index], keras.layers.InputLayer) else layers[index]
    return None


def lower_part(model: keras.Model, base: keras.Model, cut: keras.layers.Layer | None) -> keras.Model:
    """Returns the network from photos, not changed at random, to what `head_part` takes.

    Args:
        model: The whole model.
        base: Its base.
        cut: If given, what `upper_part` takes is a second output.
    """
    photos = keras.Input(base.input_shape[1:])
    begin = base.layers[0] if isinstance(base.layers[0], keras.layers.InputLayer) else None
    features, *below = _between(base, begin, [base.layers[-1], *([cut] if cut else [])])(photos)
    pooling = model.get_layer(POOLING)
    return keras.Model(photos, [features if _keeps_all(pooling) else pooling(features), *below])


def head_part(model: keras.Model, base: keras.Model) -> Classifier:
    """Returns what learns in phase 1: from the base's output, averaged where the pooling does that, to the classes."""
    pooling = model.get_layer(POOLING)
    features = keras.Input(base.output_shape[1:] if _keeps_all(pooling) else pooling.output_shape[1:])
    pooled = pooling(features) if _keeps_all(pooling) else features
    return Classifier(features, model.get_layer(HEAD)(model.get_layer(DROPOUT)(pooled)))


def upper_part(model: keras.Model, base: keras.Model, cut: keras.layers.Layer) -> Classifier:
    """Returns the network above a cut, from the cut's output to the classes."""
    below = keras.Input(cut.output_shape[1:])
    features, last = below, base.layers[-1]
    if cut is not last:
        (features,) = _between(base, cut, [last])(below)
    for name in (POOLING, DROPOUT, HEAD):
        features = model.get_layer(name)(features)
    return Classifier(below, features)


def _between(
    base: keras.Model, below: keras.layers.Layer | None, outputs: Sequence[keras.layers.Layer]
) -> Callable[[tf.Tensor], list[tf.Tensor]]:
    """What computes the outputs of some layers of the base from that of one below them, or from photos."""
    if base.compute_dtype == "float32":
        return FoldedLayers(base, below, outputs)
    # In bfloat16 a normalization keeps its scale and its offset in float32, which a kernel wouldn't.
    layers = keras.Model(
        below.get_output_at(0) if below else base.inputs, [layer.get_output_at(0) for layer in outputs]
    )
    return lambda given: tf.nest.flatten(layers(given, training=False))


def _keeps_all(pooling: keras.layers.Layer) -> bool:
    """Whether it only lays out the base's output in a row: what is stored keeps its places."""
    return isinstance(pooling, keras.layers.Flatten)
