"""Gives the inputs of a saved signature the names that the columns have.

TensorFlow's functions take Python's names only: of "Date of birth" they make "Date_of_birth", and "class" they refuse.
A request names the inputs by the signature as it is saved, where any name will do: so the function's arguments are
numbered, and the names are put in where the model lies.
"""

import os
from collections.abc import Mapping, Sequence

import tensorflow as tf
from tensorflow.core.protobuf import saved_model_pb2

SAVED_MODEL = "saved_model.pb"


def numbered(at: int) -> str:
    """Returns the name of an argument."""
    return f"column_{at:05}"


def input_names(columns: Sequence[str]) -> tuple[str, ...]:
    """Returns each column's name as an input: its own, but for those that Python's loader takes for one another."""
    alike = [_as_argument(name) for name in columns]
    return tuple(name if alike.count(_as_argument(name)) == 1 else numbered(at) for at, name in enumerate(columns))


def _as_argument(name: str) -> str:
    """A name as TensorFlow's loader compares it."""
    return "".join(letter if letter.isalnum() else "_" for letter in name)


def rename_inputs(folder: str, signature: str, names: Mapping[str, str]) -> None:
    """Renames the inputs of a signature.

    Args:
        folder: Of the SavedModel, which is changed.
        signature: Which one.
        names: The new name by the old one, of every input.
    """
    path = os.path.join(folder, SAVED_MODEL)
    with tf.io.gfile.GFile(path, "rb") as file:
        saved = saved_model_pb2.SavedModel.FromString(file.read())
    (graph,) = saved.meta_graphs
    inputs = graph.signature_def[signature].inputs
    renamed = saved_model_pb2.SavedModel().meta_graphs.add().signature_def[signature].inputs
    for old, new in names.items():
        renamed[new].CopyFrom(inputs[old])
    inputs.clear()
    inputs.MergeFrom(renamed)
    # What Python's loader goes by: the function's arguments.
    for node in graph.object_graph_def.nodes:
        keywords = node.bare_concrete_function.argument_keywords
        if set(keywords) == set(names):
            keywords[:] = [names[old] for old in keywords]
    with tf.io.gfile.GFile(path, "wb") as file:
        file.write(saved.SerializeToString(deterministic=True))
