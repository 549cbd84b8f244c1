"""Describes a Keras model layer by layer, models within it too."""

import math
from collections.abc import Iterator, Mapping

import tf_keras as keras

from components.trainer.dropout import Dropout
from components.trainer.model_summary import LayerSummary, ModelSummary


def trained_now(model: keras.Model) -> tuple[int, ...]:
    """Returns how many parameters of each layer may learn as the model is now."""
    return tuple(sum(math.prod(each.shape) for each in layer.trainable_weights) for _, layer in _layers(model))


def summary_of(model: keras.Model, phases: Mapping[str, tuple[int, ...]]) -> ModelSummary:
    """Describes a model.

    Args:
        model: The whole model, built.
        phases: What `trained_now` returned in each phase of the training, by its name.
    """
    layers = tuple(
        LayerSummary(
            name=layer.name,
            kind=type(layer).__name__,
            part=part,
            output=_output(layer),
            parameters=layer.count_params(),
            trained=trained,
            dropped=layer.rate if isinstance(layer, Dropout) else 0.0,
        )
        for (part, layer), trained in zip(_layers(model), zip(*phases.values(), strict=True), strict=True)
    )
    return ModelSummary(phases=tuple(phases), layers=layers)


def _layers(model: keras.Model, part: str = "") -> Iterator[tuple[str, keras.layers.Layer]]:
    """Yields every layer that isn't itself a model, with the name of the model within `model` that has it."""
    for layer in model.layers:
        if isinstance(layer, keras.Model):
            yield from _layers(layer, layer.name)
        else:
            yield part, layer


def _output(layer: keras.layers.Layer) -> tuple[int | None, ...]:
    # A layer that parts of the model share was called several times; the first was when the model was built.
    shape = layer.get_output_shape_at(0)
    return tuple((shape[0] if isinstance(shape, list) else shape)[1:])
