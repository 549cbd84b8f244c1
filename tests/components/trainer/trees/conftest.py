"""Rows with holes and categories, in which there is something to be found."""

import numpy as np
import pytest

from components.threads import threads_for
from components.trainer.trees.growing import LabelledRows


@pytest.fixture(scope="session", autouse=True)
def one_thread():
    """Also where a test calls the library by itself."""
    with threads_for(0):
        yield


def made(count, seed, classes=2):
    """Two numbers and two categories, each with holes; the class, or the number of none, hangs on all of them."""
    rng = np.random.default_rng(seed)
    numbers = rng.normal(size=(count, 2)).round(2)
    few, many = rng.integers(2, 7, count), rng.integers(2, 40, count)
    signal = numbers[:, 0] * (few % 2) + numbers[:, 1] + (many % 3) + rng.normal(size=count) / 2
    rows = np.stack([numbers[:, 0], few, numbers[:, 1], many], axis=1).astype(np.float32)
    rows[rng.random(rows.shape) < 0.1] = np.nan
    if not classes:
        return LabelledRows(rows, signal)
    ids = np.digitize(signal, np.quantile(signal, np.arange(1, classes) / classes))
    return LabelledRows(rows, ids.astype(np.int64))


@pytest.fixture(params=[2, 3])
def splits(request):
    """(train, validation) of two classes, and of three."""
    return made(800, 1, request.param), made(300, 2, request.param)


@pytest.fixture
def number_splits():
    """(train, validation) of a number to predict."""
    return made(800, 1, 0), made(300, 2, 0)
