import pytest
from pydantic import ValidationError

from components.trainer.transfer_learning.config import Augmentation, FeatureExtraction, FineTuning, TransferLearning


def test_the_defaults_are_those_of_the_published_figures():
    settings = TransferLearning()

    assert (settings.weights, settings.pooling, settings.head, settings.dropout) == ("imagenet", "avg", "auto", 0.2)
    assert settings.augmentation == Augmentation(horizontal_flip=True, rotation=0.2)
    assert settings.feature_extraction == FeatureExtraction(epochs=10, learning_rate=1e-4)
    assert settings.fine_tuning == FineTuning(epochs=10, learning_rate=1e-5, from_layer=100)
    assert settings.epochs == 20


def test_settings_survive_json():
    settings = TransferLearning(weights=None, fine_tuning=FineTuning(epochs=0))

    assert TransferLearning.model_validate_json(settings.model_dump_json()) == settings


@pytest.mark.parametrize(
    "wrong",
    [
        {"feature_extraction": {"epochs": 0}},
        {"feature_extraction": {"learning_rate": 0}},
        {"fine_tuning": {"epochs": -1}},
        {"fine_tuning": {"from_layer": 154}},
        {"dropout": 1},
        {"augmentation": {"rotation": -0.1}},
        {"weights": ""},
        {"batch_size": 0},
        {"strategy": "parameter_server"},
        {"cache_bytes": -1},
        {"epochs": 10},
        {"workers": 2},
        {"workers": 2, "strategy": "tpu"},
        {"precision": "bfloat16"},
        {"steps_per_execution": 0},
    ],
)
def test_what_makes_no_sense_is_refused(wrong):
    with pytest.raises(ValidationError):
        TransferLearning.model_validate(wrong)
