"""Fits scikit-learn's models of a number to predict with its own defaults, and measures them on the test rows."""

import time

import numpy as np
import numpy.typing as npt
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.linear_model import Ridge
from sklearn.metrics import mean_squared_error, r2_score
from sklearn.pipeline import make_pipeline

from components.outcome import GUESSING, RIDGE, TREES, NumberScores
from components.threads import threads_for
from components.yardstick.fitting import clipped, prepared
from components.yardstick.vectors import Codes, Vectors


def measure_numbers(train: Vectors, test: Vectors, codes: Codes, seed: int) -> dict[str, NumberScores]:
    """Returns what each model scores on the test rows, by its name; to guess is to answer the training rows' mean.

    Args:
        train: Training rows.
        test: Test rows.
        codes: Which columns are categories.
        seed: Of the trees.
    """
    with threads_for(train.raw.size):
        began = time.monotonic()
        mean = np.average(train.labels, weights=train.weights)
        found = {GUESSING: number_scores(test, np.full(len(test.labels), mean), time.monotonic() - began)}
        began = time.monotonic()
        ridge = make_pipeline(prepared(train.features.shape[1], codes.features), Ridge())
        ridge.fit(train.features, train.labels, ridge__sample_weight=train.weights)
        found[RIDGE] = number_scores(test, ridge.predict(test.features), time.monotonic() - began)
        began = time.monotonic()
        trees = HistGradientBoostingRegressor(categorical_features=list(codes.raw) or None, random_state=seed)
        trees.fit(clipped(train.raw, codes.raw), train.labels, train.weights)
        answers = trees.predict(clipped(test.raw, codes.raw))
        found[TREES] = number_scores(test, answers, time.monotonic() - began)
    return found


def number_scores(test: Vectors, answers: npt.NDArray[np.float64], seconds: float) -> NumberScores:
    """Returns how good some answers are.

    Args:
        test: The rows that were asked for.
        answers: float64 [rows].
        seconds: How long they took.
    """
    labels, weights = test.labels, test.weights
    varies = len(labels) and labels.min() < labels.max()
    return NumberScores(
        rmse=float(np.sqrt(mean_squared_error(labels, answers, sample_weight=weights))),
        r2=float(r2_score(labels, answers, sample_weight=weights)) if varies else None,
        seconds=seconds,
    )
