"""The linear probe, and what is said where there is none; end_to_end/test_photos.py has the step on real features."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss
from tfx.types import standard_artifacts

from components.outcome import GUESSING, PROBE, Yardstick
from components.trainer.transfer_learning.config import TransferLearning
from components.yardstick.component import YardstickArtifact
from components.yardstick.config import YardstickSettings
from components.yardstick.photo_executor import NOTHING_STORED, PhotoExecutor
from components.yardstick.probing import measure_probe
from components.yardstick.results import read_yardstick
from components.yardstick.vectors import Vectors


def made(count, seed):
    rng = np.random.default_rng(seed)
    features = (rng.normal(size=(count, 20)) * np.logspace(-2, 2, 20) + 5).astype(np.float32)
    ids = np.digitize((features[:, 0] - 5) * 100 + rng.normal(size=count) / 4, [-0.5, 0.5])
    return Vectors(features, features[:, :0], ids)


def test_the_probe_is_logistic_regression_on_standardised_values():
    train, test = made(1000, 0), made(300, 1)
    mean, std = train.features.mean(axis=0), train.features.std(axis=0)
    plain = LogisticRegression(max_iter=1000).fit((train.features - mean) / std, train.labels)
    expected = log_loss(test.labels, plain.predict_proba((test.features - mean) / std))
    found = measure_probe(train, test, 3)
    assert list(found) == [GUESSING, PROBE]
    assert found[PROBE].crossentropy == pytest.approx(expected, rel=1e-3)
    assert found[PROBE].accuracy > 0.8 > found[GUESSING].accuracy
    assert found[PROBE].auc_macro > 0.95


def test_a_sample_of_one_class_alone_leaves_guessing():
    train, test = made(100, 0), made(100, 1)
    assert list(measure_probe(Vectors(train.features, train.raw, np.ones(100, int)), test, 3)) == [GUESSING]


def test_where_nothing_is_stored_of_photos_nothing_is_done_and_that_is_said(tmp_path):
    inputs = {
        "examples": standard_artifacts.Examples(),
        "transform_graph": standard_artifacts.TransformGraph(),
        "model_run": standard_artifacts.ModelRun(),
    }
    for name, artifact in inputs.items():
        artifact.uri = str(tmp_path / name)
    inputs["examples"].split_names = '["train", "test"]'
    output = YardstickArtifact()
    output.uri = str(tmp_path / "yardstick")
    properties = {
        "settings": YardstickSettings().model_dump_json(),
        "trainer": TransferLearning(views="fresh").model_dump_json(),
        "features_fn": "components.trainer.transfer_learning.probe.probe_features",
    }
    PhotoExecutor().Do({name: [each] for name, each in inputs.items()}, {"yardstick": [output]}, properties)
    found = read_yardstick(output.uri)
    assert found == Yardstick(seed=0, records="photos", nothing=NOTHING_STORED)
    assert found.beside({"accuracy": 1.0}) == []
