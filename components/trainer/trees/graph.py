"""Asks all trees at once, in plain TensorFlow operations that any server has."""

import math
from typing import Any

import numpy.typing as npt
import tensorflow as tf

from components.contract import RAW
from components.trainer.model_summary import ModelSummary, TreesSummary
from components.trainer.trees.forest import CODES, Forest

WALKED = 2**18
"""Trees times rows that are walked together: they stay in the cache, and bound the memory of an answer."""


class ForestModel(tf.Module):
    """Trees as a part of a SavedModel.

    Args:
        forest: The trees.
    """

    vector = RAW
    """The output of Transform that they take."""

    def __init__(self, forest: Forest) -> None:
        super().__init__(name="trees")
        self._forest = forest
        # Variables are saved once, however many signatures there are.
        self._variables = {
            name: tf.Variable(getattr(forest, name), trainable=False, name=name)
            for name in ("feature", "threshold", "children", "leaf", "roots", "set_column", "sets")
        }

    def arrays(self) -> list[npt.NDArray[Any]]:
        """Returns what the trees can be made from anew; see `Forest.of_arrays`."""
        return self._forest.arrays()

    def summary(self) -> ModelSummary:
        """Returns how many trees there are, and of what size."""
        forest = self._forest
        return ModelSummary(
            phases=("training",),
            trees=TreesSummary(trees=forest.trees, leaves=forest.leaves, depth=int(forest.depth)),
        )

    def scores(self, rows: tf.Tensor) -> tf.Tensor:
        """Returns probabilities, float32 [rows, classes].

        Args:
            rows: float32 [rows, columns]: numbers, and codes of categories; NaN is a missing or an unseen one.
        """
        logits = self._logits(rows)
        # 1 - p would lose what a small probability says.
        both = tf.concat([tf.sigmoid(-logits), tf.sigmoid(logits)], axis=1) if logits.shape[1] == 1 else None
        return tf.cast(tf.nn.softmax(logits) if both is None else both, tf.float32)

    def logits(self, rows: tf.Tensor) -> tf.Tensor:
        """Returns what the probabilities are made from, float32 [rows, classes], or [rows, 1] for two classes."""
        return tf.cast(self._logits(rows), tf.float32)

    def outputs(self, rows: tf.Tensor) -> tf.Tensor:
        """Returns what is learned of a number to predict, float64 [rows]."""
        return self._logits(rows)[:, 0]

    def _logits(self, rows: tf.Tensor) -> tf.Tensor:
        """Returns float64 [rows, outputs], a part of the rows after the other."""
        width = 2 * int(self._forest.columns) + len(self._forest.sets)
        size = max(1, WALKED // max(width, self._forest.trees))
        parts = tf.maximum(1, (tf.shape(rows)[0] + size - 1) // size)
        empty = tf.TensorArray(tf.float64, parts, element_shape=[None, self._forest.outputs], infer_shape=False)
        variables = {name: variable.read_value() for name, variable in self._variables.items()}

        def part(number: tf.Tensor, found: tf.TensorArray) -> tuple[tf.Tensor, tf.TensorArray]:
            return number + 1, found.write(number, self._sums(rows[number * size : (number + 1) * size], variables))

        _, found = tf.while_loop(lambda number, _: number < parts, part, (0, empty), parallel_iterations=1)
        return found.concat() + tf.constant(self._forest.baseline)

    def _sums(self, rows: tf.Tensor, variables: dict[str, tf.Tensor]) -> tf.Tensor:
        """Returns what the trees add to the baseline, float64 [rows, outputs]."""
        wide = [rows, tf.where(tf.math.is_nan(rows), -math.inf, rows)]
        if len(self._forest.sets):
            wide.append(_outside(rows, variables["set_column"], variables["sets"]))
        count = tf.shape(rows)[0]
        width = sum(part.shape[1] for part in wide)
        numbers, begins = tf.reshape(tf.concat(wide, axis=1), [-1]), tf.range(count)[:, tf.newaxis] * width
        roots = tf.reshape(variables["roots"], [1, self._forest.trees])

        def ask(step: tf.Tensor, node: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
            asked = tf.gather(numbers, begins + tf.gather(variables["feature"], node))
            yes = tf.cast(asked <= tf.gather(variables["threshold"], node), tf.int32)
            return step + 1, tf.gather(variables["children"], 2 * node + yes)

        depth = int(self._forest.depth)
        _, node = tf.while_loop(
            lambda step, _: step < depth, ask, (0, tf.tile(roots, [count, 1])), parallel_iterations=1
        )
        leaves = tf.reshape(tf.gather(variables["leaf"], node), [count, *self._forest.roots.shape])
        return tf.reduce_sum(leaves, axis=1)


def _outside(rows: tf.Tensor, set_column: tf.Tensor, sets: tf.Tensor) -> tf.Tensor:
    """Returns 0 where the row's code is in the set, else 1: float32 [rows, sets]."""
    codes = tf.gather(rows, set_column, axis=1)
    places = tf.cast(tf.where(codes >= 0, tf.minimum(codes, CODES - 1.0), float(CODES)), tf.int32)
    begins = tf.range(sets.shape[0]) * (CODES + 1)
    return 1.0 - tf.cast(tf.gather(tf.reshape(sets, [-1]), begins + places), tf.float32)
