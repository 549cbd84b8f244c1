"""Fits a linear probe, logistic regression on what a base that wasn't trained makes of photos, and measures it."""

import time

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from components.outcome import GUESSING, PROBE, Scores
from components.threads import threads_for
from components.yardstick.fitting import STEPS, guessed, probabilities_of, scores
from components.yardstick.vectors import Vectors


def measure_probe(train: Vectors, test: Vectors, classes: int) -> dict[str, Scores]:
    """Returns what the probe and guessing score on the test photos, by their names.

    Args:
        train: Training photos; their `features` become their standardised values.
        test: Test photos; so do theirs.
        classes: How many there are.
    """
    with threads_for(train.features.size):
        found = {GUESSING: guessed(train, test, classes)}
        if len(np.unique(train.labels)) < 2:  # of a sample
            return found
        began = time.monotonic()
        probe = make_pipeline(StandardScaler(copy=False), LogisticRegression(max_iter=STEPS))
        probe.fit(train.features, train.labels)
        answers = probabilities_of(probe, test.features, classes)
        return {**found, PROBE: scores(test, answers, time.monotonic() - began)}
