"""Fits scikit-learn's models with its own defaults, and measures them on the test rows."""

import time
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
from sklearn.compose import make_column_transformer
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from components.outcome import GUESSING, LOGISTIC, TREES, Scores
from components.threads import threads_for
from components.yardstick.vectors import Codes, Numbers, Vectors

MOST_CODES = 254
"""What the trees take of a category's codes; rarer ones are one."""

MOST_CLASSES = 100
"""Of more there is no area under a curve, as in the Evaluator."""

LEAST_PROBABILITY = 1e-15
STEPS = 200

Probabilities: TypeAlias = npt.NDArray[np.float64]


def measure(train: Vectors, test: Vectors, classes: int, codes: Codes, seed: int) -> dict[str, Scores]:
    """Returns what each model scores on the test rows, by its name.

    Args:
        train: Training rows of two classes or more.
        test: Test rows.
        classes: How many there are.
        codes: Which columns are categories.
        seed: Of the trees.
    """
    with threads_for(train.raw.size):
        return _measured(train, test, classes, codes, seed)


def _measured(train: Vectors, test: Vectors, classes: int, codes: Codes, seed: int) -> dict[str, Scores]:
    found = {GUESSING: guessed(train, test, classes)}
    counts = np.unique(train.labels, return_counts=True)[1]
    if len(counts) < 2:  # of a sample
        return found
    began = time.monotonic()
    logistic = _logistic(train.features.shape[1], codes.features)
    logistic.fit(train.features, train.labels, logisticregression__sample_weight=train.weights)
    found[LOGISTIC] = scores(test, probabilities_of(logistic, test.features, classes), time.monotonic() - began)
    began = time.monotonic()
    trees = HistGradientBoostingClassifier(
        categorical_features=list(codes.raw) or None,
        # Of many rows it validates on a part of them, for which it needs two of each class.
        early_stopping="auto" if counts.min() > 1 else False,
        random_state=seed,
    )
    trees.fit(clipped(train.raw, codes.raw), train.labels, train.weights)
    answers = probabilities_of(trees, clipped(test.raw, codes.raw), classes)
    found[TREES] = scores(test, answers, time.monotonic() - began)
    return found


def guessed(train: Vectors, test: Vectors, classes: int) -> Scores:
    """Returns how good it is to give each class the probability that its share of the training rows is."""
    began = time.monotonic()
    shares = np.bincount(train.labels, train.weights, minlength=classes)
    guesses = np.tile(shares / shares.sum(), (len(test.labels), 1))
    return scores(test, guesses, time.monotonic() - began)


def scores(test: Vectors, probabilities: Probabilities, seconds: float) -> Scores:
    """Returns how good some answers are.

    Args:
        test: The rows that were asked for.
        probabilities: float64 [rows, classes].
        seconds: How long they took.
    """
    ids, weights = test.labels, test.weights
    right = np.maximum(probabilities[np.arange(len(ids)), ids], LEAST_PROBABILITY)
    classes = probabilities.shape[1]
    return Scores(
        accuracy=float(np.average(probabilities.argmax(axis=1) == ids, weights=weights)),
        auc=_area(test, probabilities, 1) if classes == 2 else None,
        auc_macro=_mean_area(test, probabilities) if 2 < classes <= MOST_CLASSES else None,
        crossentropy=float(np.average(-np.log(right), weights=weights)),
        seconds=seconds,
    )


def _mean_area(test: Vectors, probabilities: Probabilities) -> float | None:
    """The mean over the classes for which there is an area; None where there is none."""
    areas = [_area(test, probabilities, number) for number in range(probabilities.shape[1])]
    there = [area for area in areas if area is not None]
    return float(np.mean(there)) if there else None


def _area(test: Vectors, probabilities: Probabilities, number: int) -> float | None:
    """The area under the ROC curve of a class against all others; None where rows of one or the other weigh nothing."""
    is_of_class = test.labels == number
    if not 0 < np.average(is_of_class, weights=test.weights) < 1:
        return None
    return float(roc_auc_score(is_of_class, probabilities[:, number], sample_weight=test.weights))


def _logistic(width: int, codes: tuple[int, ...]) -> Any:
    return make_pipeline(prepared(width, codes), LogisticRegression(max_iter=STEPS))


def prepared(width: int, codes: tuple[int, ...]) -> Any:
    """Returns what makes the vectors of a network those of a linear model.

    Args:
        width: Of a vector.
        codes: Which of its columns hold codes of categories.
    """
    numbers = [column for column in range(width) if column not in codes]
    return make_column_transformer((StandardScaler(), numbers), (OneHotEncoder(handle_unknown="ignore"), list(codes)))


def clipped(raw: Numbers, codes: tuple[int, ...]) -> Numbers:
    """Returns rows with no more codes in a column than the trees take.

    Args:
        raw: The rows.
        codes: Which of their columns hold codes of categories.
    """
    if not codes:
        return raw
    fewer = raw.copy()
    fewer[:, codes] = np.minimum(raw[:, codes], MOST_CODES)
    return fewer


def probabilities_of(model: Any, rows: Numbers, classes: int) -> Probabilities:
    """Returns them for all classes, also for those that a sample of the training rows hasn't."""
    found = np.zeros([len(rows), classes])
    found[:, model.classes_] = model.predict_proba(rows)
    return found
