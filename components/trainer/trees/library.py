"""Reads the trees that scikit-learn grew: the one place that knows how it keeps them.

It has no public way to them. What is read here has had the same names since scikit-learn 0.24 of 2020, and
`components.trainer.trees.growing` compares what is read with what the library itself predicts before a model is kept.
"""

from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor

from components.trainer.trees.columns import Columns
from components.trainer.trees.forest import CODES, Forest, Nodes, forest

Library: TypeAlias = HistGradientBoostingClassifier | HistGradientBoostingRegressor
"""What grows trees."""


def forest_of(model: Library, columns: Columns, begin: int = 0, end: int | None = None) -> Forest:
    """Returns the trees of some iterations.

    Args:
        model: The library's, perhaps still at work.
        columns: As the rows were encoded for it.
        begin: The first iteration, from 0.
        end: The first that isn't taken any more; None for all that there are.
    """
    iterations: Sequence[Sequence[Any]] = model._predictors[begin:end]
    grown = [[_nodes(tree, columns) for tree in trees] for trees in iterations]
    return forest(grown, len(columns.order), np.ravel(model._baseline_prediction))


def iterations_of(model: Library) -> int:
    """Returns how many there are so far."""
    return len(model._predictors)


def _nodes(tree: Any, columns: Columns) -> Nodes:
    nodes = tree.nodes
    is_leaf = nodes["is_leaf"].astype(bool)
    column = np.asarray(columns.order)[nodes["feature_idx"]]
    left, known = {}, {}
    for node in np.flatnonzero(nodes["is_categorical"].astype(bool) & ~is_leaf).tolist():
        codes = columns.codes[nodes["feature_idx"][node]]
        left[node] = _at(codes, _bits(tree.raw_left_cat_bitsets[nodes["bitset_idx"][node]])[: len(codes)])
        known[node] = _at(codes, np.ones(len(codes), bool))
    return Nodes(
        is_leaf=is_leaf,
        left=nodes["left"].astype(np.int64),
        right=nodes["right"].astype(np.int64),
        column=column,
        threshold=nodes["num_threshold"],
        missing_left=nodes["missing_go_to_left"].astype(bool),
        left_codes=left,
        known_codes=known,
        leaf=nodes["value"],
        depth=tree.get_max_depth(),
    )


def _bits(words: npt.NDArray[np.uint32]) -> npt.NDArray[np.bool_]:
    """Returns the bits of eight words, the lowest first."""
    return np.unpackbits(words.astype("<u4").view(np.uint8), bitorder="little").astype(bool)


def _at(codes: npt.NDArray[np.int64], values: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    found = np.zeros(CODES, bool)
    found[codes] = values
    return found
