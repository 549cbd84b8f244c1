"""Tells which examples of a batch are in which slice, as TFMA slices by the values of a feature."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import tensorflow as tf

from components.evaluator.statistics import Ints, SliceKey

TYPES = {"bytes_list": tf.string, "int64_list": tf.int64, "float_list": tf.float32}

Values: TypeAlias = npt.NDArray[Any]


class RawFeatures:
    """Reads features to slice by from serialized tf.Examples, whose types aren't known beforehand.

    Args:
        names: The features.
    """

    def __init__(self, names: Sequence[str]) -> None:
        self._unseen = set(names)
        self._spec: dict[str, tf.io.RaggedFeature] = {}

    def read(self, examples: tf.Tensor) -> dict[str, tuple[Values, Ints]]:
        """Returns the values of each feature that was seen yet, and the example of each value."""
        self._look_for_types(examples)
        if not self._spec:
            return {}
        parsed = tf.io.parse_example(examples, self._spec)
        return {name: (found.flat_values.numpy(), found.value_rowids().numpy()) for name, found in parsed.items()}

    def _look_for_types(self, examples: tf.Tensor) -> None:
        """An example that lacks a feature doesn't tell its type, so it is looked for until one has it."""
        records = iter(examples.numpy()) if self._unseen else iter(())
        for record in records:
            features = tf.train.Example.FromString(record).features.feature
            for name in [name for name in self._unseen if name in features]:
                kind = features[name].WhichOneof("kind")
                if kind is not None:
                    self._spec[name] = tf.io.RaggedFeature(TYPES[kind])
                    self._unseen.remove(name)
            if not self._unseen:
                return


def slices(
    examples: int, raw: Mapping[str, tuple[Values, Ints]], made: Mapping[str, Values]
) -> Iterator[tuple[SliceKey, Ints]]:
    """Yields each slice with its examples, by their places in the batch.

    Args:
        examples: How many there are.
        raw: For each feature the values, and the example of each; an example may have several values, or none.
        made: For each column that the model makes, a value an example.
    """
    everyone = np.arange(examples)
    yield (), everyone
    columns = {**raw, **{name: (values, everyone) for name, values in made.items()}}
    for name, (values, owners) in columns.items():
        distinct, at = np.unique(values, return_inverse=True)
        # By value, then by example; one that has a value twice is in the slice once.
        pairs = np.unique(at * examples + owners)
        of_value = np.searchsorted(pairs, np.arange(len(distinct) + 1) * examples)
        for value, start, end in zip(distinct.tolist(), of_value[:-1], of_value[1:], strict=True):
            text = value.decode() if isinstance(value, bytes) else value
            yield ((name, text),), pairs[start:end] % examples
