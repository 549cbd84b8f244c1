"""Writes and reads what a model is made of, which is kept beside its learning curves."""

import os

import tensorflow as tf

from components.settings import Settings

SUMMARY_FILE = "model_summary.json"


class LayerSummary(Settings):
    """One layer of a network.

    Attributes:
        name: As Keras has it.
        kind: Its class.
        part: The model within the model that it belongs to, such as the pretrained base; "" for none.
        output: Shape of what it gives, without the batch.
        parameters: All of them.
        trained: How many of these learn, phase by phase.
        dropped: The share of its input that it sets to 0 while training.
    """

    name: str
    kind: str
    part: str = ""
    output: tuple[int | None, ...]
    parameters: int
    trained: tuple[int, ...]
    dropped: float = 0.0


class TreesSummary(Settings):
    """Boosted trees.

    Attributes:
        trees: How many.
        leaves: Of all trees together.
        depth: The most questions on the way to a leaf.
    """

    trees: int
    leaves: int
    depth: int


class ModelSummary(Settings):
    """What a model is made of.

    Attributes:
        phases: Of its training, in their order.
        layers: Of a network, in the order in which they compute; empty for trees.
        trees: Of trees; None for a network.
        export_bytes: All files of the SavedModel together; 0 where there is none.
    """

    phases: tuple[str, ...] = ()
    layers: tuple[LayerSummary, ...] = ()
    trees: TreesSummary | None = None
    export_bytes: int = 0

    @property
    def parameters(self) -> int:
        """Of all layers together."""
        return sum(layer.parameters for layer in self.layers)

    @property
    def trained(self) -> tuple[int, ...]:
        """How many parameters learn, phase by phase."""
        return tuple(sum(counts) for counts in zip(*(layer.trained for layer in self.layers), strict=True))


def write_summary(summary: ModelSummary, folder: str, exported: str = "") -> None:
    """Writes `model_summary.json` into the folder of a model run.

    Args:
        summary: What the model is made of.
        folder: Where to.
        exported: Folder of the SavedModel, whose size is written too; "" where there is none.
    """
    if exported:
        summary = summary.model_copy(update={"export_bytes": _bytes_of(exported)})
    tf.io.gfile.makedirs(folder)
    with tf.io.gfile.GFile(os.path.join(folder, SUMMARY_FILE), "w") as file:
        file.write(summary.model_dump_json(indent=2))


def find_summary(folder: str) -> ModelSummary | None:
    """Reads `model_summary.json` from the folder of a model run; None where there is none."""
    path = os.path.join(folder, SUMMARY_FILE)
    if not tf.io.gfile.exists(path):
        return None
    with tf.io.gfile.GFile(path) as file:
        return ModelSummary.model_validate_json(file.read())


def _bytes_of(folder: str) -> int:
    paths = (os.path.join(inside, name) for inside, _, names in tf.io.gfile.walk(folder) for name in names)
    # TensorFlow's file system in memory lists what only begins like the folder, too.
    return sum(tf.io.gfile.stat(path).length for path in paths if tf.io.gfile.exists(path))
