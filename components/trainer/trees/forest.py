"""Trees as flat arrays, whichever library grew them.

A node asks one thing alone: whether a number of the row is at most its threshold. NaN never is. So that this is enough,
a row is widened before it is asked: to its numbers, the same with the lowest number of all in place of NaN, and for
each set of categories that some node asks for 0 if the row's is in the set, else 1.

- "x <= 5, and missing goes to the right" asks the first, where NaN answers no.
- "x <= 5, and missing goes to the left" asks the second.
- "x is red or blue" asks the set. Where a missing or an unseen category goes is part of the set.

Numbers of a row are float32, and so the thresholds are: x <= t is the same as x <= the greatest float32 up to t.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import numpy.typing as npt

from components.errors import TransferlineError

Rows = npt.NDArray[np.float32]
"""[rows, columns]: numbers, and codes of categories from 0 on; NaN is a missing or an unseen one."""

Logits = npt.NDArray[np.float64]
"""[rows, 1] for two classes, of the second one; else [rows, classes]; [rows, 1] for a number, itself."""

CODES = 255
"""Codes that a set tells apart: those from the last of them on are one category."""

FLOAT_MAX = float(np.finfo(np.float32).max)


@dataclass(frozen=True)
class Forest:
    """Boosted trees.

    Attributes:
        columns: int64 []: of a row.
        depth: int64 []: the most questions on the way to a leaf.
        feature: int32 [nodes]: the number of a widened row that a node asks; 0 at a leaf.
        threshold: float32 [nodes]: yes is up to here.
        children: int32 [2 * nodes]: of node n the node for no at 2 n, for yes at 2 n + 1; of a leaf itself, twice.
        leaf: float64 [nodes]: what a leaf adds to a logit; 0 at the others.
        roots: int32 [iterations, outputs]: each tree's first node.
        baseline: float64 [outputs]: the logits before the first tree.
        set_column: int32 [sets]: the column that holds a set's code.
        sets: bool [sets, CODES + 1]: whether a code is in the set; the last is of missing and unseen ones.
    """

    columns: npt.NDArray[np.int64]
    depth: npt.NDArray[np.int64]
    feature: npt.NDArray[np.int32]
    threshold: npt.NDArray[np.float32]
    children: npt.NDArray[np.int32]
    leaf: npt.NDArray[np.float64]
    roots: npt.NDArray[np.int32]
    baseline: npt.NDArray[np.float64]
    set_column: npt.NDArray[np.int32]
    sets: npt.NDArray[np.bool_]

    @property
    def trees(self) -> int:
        """How many there are."""
        return int(self.roots.size)

    @property
    def leaves(self) -> int:
        """Of all trees together."""
        return int((self.children[::2] == np.arange(len(self.feature))).sum())

    @property
    def outputs(self) -> int:
        """1 for two classes or a number to predict, else the number of classes."""
        return len(self.baseline)

    def arrays(self) -> list[npt.NDArray[Any]]:
        """Returns all of it, as `of_arrays` takes it."""
        return [getattr(self, field.name) for field in fields(self)]

    @classmethod
    def of_arrays(cls, arrays: Sequence[npt.NDArray[Any]]) -> "Forest":
        """Returns what `arrays` gave."""
        return cls(**{field.name: array for field, array in zip(fields(cls), arrays, strict=True)})

    def sums(self, rows: Rows) -> Logits:
        """Returns what the trees add to the baseline, by numpy, for while they are grown.

        Args:
            rows: The rows.
        """
        wide = self._widened(rows)
        each = np.arange(len(rows))
        found = np.zeros([len(rows), self.outputs])
        for roots in self.roots:
            for output, root in enumerate(roots):
                node = np.full(len(rows), root)
                for _ in range(int(self.depth)):
                    yes = wide[each, self.feature[node]] <= self.threshold[node]
                    node = self.children[2 * node + yes]
                found[:, output] += self.leaf[node]
        return found

    def _widened(self, rows: Rows) -> Rows:
        codes = rows[:, self.set_column]
        places = np.where(codes >= 0, np.minimum(codes, CODES - 1), CODES).astype(np.int64)
        outside = np.where(self.sets[np.arange(len(self.sets)), places], 0, 1).astype(np.float32)
        return np.concatenate([rows, np.where(np.isnan(rows), -np.inf, rows), outside], axis=1, dtype=np.float32)


@dataclass(frozen=True)
class Nodes:
    """The nodes of one tree, as a library has them; its root is the first.

    Attributes:
        is_leaf: bool [nodes].
        left: int [nodes]: number of a child.
        right: int [nodes].
        column: int [nodes]: what is asked.
        threshold: float64 [nodes]: numbers up to this go to the left.
        missing_left: bool [nodes]: whether a missing value goes to the left.
        left_codes: By the number of a node that asks for a category: bool [CODES], the codes that go to the left.
        known_codes: By the number of such a node: bool [CODES], those that training had; others are as a missing one.
        leaf: float64 [nodes].
        depth: The most questions on the way to a leaf.
    """

    is_leaf: npt.NDArray[np.bool_]
    left: npt.NDArray[np.int64]
    right: npt.NDArray[np.int64]
    column: npt.NDArray[np.int64]
    threshold: npt.NDArray[np.float64]
    missing_left: npt.NDArray[np.bool_]
    left_codes: dict[int, npt.NDArray[np.bool_]]
    known_codes: dict[int, npt.NDArray[np.bool_]]
    leaf: npt.NDArray[np.float64]
    depth: int


def forest(iterations: Sequence[Sequence[Nodes]], columns: int, baseline: npt.NDArray[np.float64]) -> Forest:
    """Puts trees one behind the other.

    Args:
        iterations: Of each its trees, one an output.
        columns: Of a row.
        baseline: The logits before the first tree.
    """
    parts: list[tuple[npt.NDArray[Any], ...]] = []
    set_column: list[int] = []
    sets: list[npt.NDArray[np.bool_]] = []
    roots = []
    begin = 0
    for tree in (tree for trees in iterations for tree in trees):
        own = np.arange(len(tree.is_leaf))
        children = np.stack([np.where(tree.is_leaf, own, child) for child in (tree.right, tree.left)], axis=1)
        feature = np.where(tree.is_leaf, 0, tree.column + columns * tree.missing_left)
        threshold = _greatest_float(tree.threshold)
        for node, codes in tree.left_codes.items():
            feature[node], threshold[node] = 2 * columns + len(sets), 0
            unseen = tree.missing_left[node]
            sets.append(np.append(np.where(tree.known_codes[node], codes, unseen), unseen))
            set_column.append(int(tree.column[node]))
        parts.append((feature, threshold, (children + begin).ravel(), np.where(tree.is_leaf, tree.leaf, 0.0)))
        roots.append(begin)
        begin += len(own)
    feature, threshold, children, leaf = (np.concatenate(part) for part in zip(*parts, strict=True))
    return Forest(
        columns=np.asarray(columns),
        depth=np.asarray(max(tree.depth for trees in iterations for tree in trees)),
        feature=feature.astype(np.int32),
        threshold=threshold.astype(np.float32),
        children=children.astype(np.int32),
        leaf=leaf.astype(np.float64),
        roots=np.asarray(roots, np.int32).reshape(len(iterations), -1),
        baseline=np.asarray(baseline, np.float64),
        set_column=np.asarray(set_column, np.int32),
        sets=np.asarray(sets, np.bool_).reshape(-1, CODES + 1),
    )


def _greatest_float(threshold: npt.NDArray[np.float64]) -> npt.NDArray[np.float32]:
    """Returns the greatest float32 that isn't above each number, of those that TensorFlow doesn't take for zero."""
    if np.isnan(threshold).any():
        raise TransferlineError(
            "A column has both the lowest and the highest infinite number, between which there is no threshold.",
            cure="Give these cells no value, or leave the column out.",
        )
    nearest = np.clip(threshold, -np.inf, np.where(np.isposinf(threshold), np.inf, FLOAT_MAX)).astype(np.float32)
    below = np.where(nearest > threshold, np.nextafter(nearest, np.float32(-np.inf)), nearest)
    smallest = np.finfo(np.float32).tiny
    return np.where(np.abs(below) < smallest, np.where(below < 0, -smallest, np.float32(0)), below)
