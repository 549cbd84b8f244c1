"""Folds the layers of a model by block, as a person reads them."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from typing import NamedTuple

from components.trainer.model_summary import LayerSummary, ModelSummary

FEW_LAYERS = 30
"""So many are shown one by one."""

BLOCK = re.compile(r".*?block_?\d+[a-z]?|expanded_conv(?:_\d+)?")
"""How keras.applications names a block, at the beginning of the names of its layers: "block_3", "block2a",
"conv4_block6", "stage_0_block_1", "expanded_conv"."""


class Block(NamedTuple):
    """Some layers, or one.

    Attributes:
        name: The block's, or the layer's.
        part: The model within the model that they belong to; "" for none.
        layers: How many there are.
        kinds: Which, in words.
        output: Shape of what the last of them gives, in words.
        parameters: Of all.
        trained: How many of these learn, phase by phase.
    """

    name: str
    part: str
    layers: int
    kinds: str
    output: str
    parameters: int
    trained: tuple[int, ...]


def blocks_of(summary: ModelSummary) -> list[Block]:
    """Returns the layers of a model within the model by block, all others one by one."""
    if len(summary.layers) <= FEW_LAYERS:
        return layers_of(summary)
    return [_block(name, layers) for name, layers in _grouped(summary.layers)]


def layers_of(summary: ModelSummary) -> list[Block]:
    """Returns the layers one by one."""
    return [_block(layer.name, [layer]) for layer in summary.layers]


def _grouped(layers: Iterable[LayerSummary]) -> Iterator[tuple[str, list[LayerSummary]]]:
    for part, of_part in groupby(layers, lambda layer: layer.part):
        if not part:
            yield from ((layer.name, [layer]) for layer in of_part)
            continue
        for name, of_block in groupby(of_part, _block_name):
            inside = list(of_block)
            beyond = inside[0].name if len(inside) == 1 else f"{inside[0].name} to {inside[-1].name}"
            yield name or beyond, inside


def _block_name(layer: LayerSummary) -> str:
    found = BLOCK.match(layer.name)
    return found[0] if found else ""


def _block(name: str, layers: Sequence[LayerSummary]) -> Block:
    kinds = Counter(layer.kind for layer in layers)
    return Block(
        name=name,
        part=layers[0].part,
        layers=len(layers),
        kinds=", ".join(f"{count} {kind}" if count > 1 else kind for kind, count in kinds.items()),
        output=" x ".join("any" if size is None else f"{size:,}" for size in layers[-1].output),
        parameters=sum(layer.parameters for layer in layers),
        trained=tuple(sum(counts) for counts in zip(*(layer.trained for layer in layers), strict=True)),
    )
