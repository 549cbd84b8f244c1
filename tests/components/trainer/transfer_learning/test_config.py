import pytest
from pydantic import ValidationError

from components.trainer.transfer_learning.bases import BASES
from components.trainer.transfer_learning.config import Augmentation, FeatureExtraction, FineTuning, TransferLearning


def test_the_defaults_are_those_of_the_published_figures():
    settings = TransferLearning()

    assert (settings.weights, settings.pooling, settings.head, settings.dropout) == ("imagenet", "avg", "auto", 0.2)
    assert settings.augmentation == Augmentation(horizontal_flip=True, rotation=0.2)
    assert settings.feature_extraction == FeatureExtraction(epochs=10, learning_rate=1e-4)
    assert settings.fine_tuning == FineTuning(epochs=10, learning_rate=1e-5, from_layer=None)
    assert (settings.base, settings.first_to_learn) == ("MobileNetV2", 100)
    assert settings.restore_best_weights
    for phase in (settings.feature_extraction, settings.fine_tuning):
        assert (phase.schedule, phase.patience) == ("constant", None)


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
        {"augmentation": {"crop": 1}},
        {"feature_extraction": {"patience": 0}},
        {"fine_tuning": {"schedule": "linear"}},
        {"weights": ""},
        {"batch_size": 0},
        {"strategy": "parameter_server"},
        {"cache_bytes": -1},
        {"epochs": 10},
        {"workers": 2},
        {"workers": 2, "strategy": "tpu"},
        {"precision": "bfloat16"},
        {"steps_per_execution": 0},
        {"base": "VGG16"},
        {"widths": (10,)},
        {"base": None},
        {"base": None, "fine_tuning": {"epochs": 0}, "weights": "weights.h5"},
        {"base": None, "fine_tuning": {"epochs": 0}, "widths": (0,)},
    ],
)
def test_what_makes_no_sense_is_refused(wrong):
    with pytest.raises(ValidationError):
        TransferLearning.model_validate(wrong)


@pytest.mark.parametrize(
    ("first", "second", "epochs", "doubtful"),
    [(1e-4, 1e-5, 1, False), (1e-4, 1e-4, 1, True), (1e-5, 1e-4, 1, True), (1e-5, 1e-4, 0, False)],
)
def test_fine_tuning_in_steps_that_are_not_smaller_is_doubtful(first, second, epochs, doubtful):
    settings = TransferLearning(
        feature_extraction=FeatureExtraction(learning_rate=first),
        fine_tuning=FineTuning(learning_rate=second, epochs=epochs),
    )
    assert bool(settings.doubt) == doubtful
    assert not doubtful or f"fine_tuning.learning_rate={second:g} isn't below" in settings.doubt


def test_a_batch_size_per_replica_takes_the_place_of_the_default_and_survives_json():
    settings = TransferLearning(batch_size_per_replica=8, learning_rate_scaling="linear", warm_up_epochs=0.5)

    assert [settings.batch_of(replicas) for replicas in (1, 4)] == [8, 32]
    assert TransferLearning.model_validate_json(settings.model_dump_json()) == settings
    assert TransferLearning(batch_size=12).batch_of(4) == 12


@pytest.mark.parametrize(
    "wrong",
    [
        {"batch_size": 8, "batch_size_per_replica": 8},
        {"batch_size": None},
        {"batch_size": None, "batch_size_per_replica": 0},
        {"learning_rate_scaling": "linear"},
        {"batch_size_per_replica": 8, "learning_rate_scaling": "sqrt"},
        {"warm_up_epochs": -1},
        {"warm_up_epochs": 11},
        {"warm_up_epochs": 4, "fine_tuning": {"epochs": 3}},
    ],
)
def test_batches_and_rates_that_make_no_sense_are_refused(wrong):
    with pytest.raises(ValidationError):
        TransferLearning.model_validate(wrong)


def test_a_layer_that_the_base_does_not_have_is_refused_with_how_many_it_has():
    for base in BASES.values():
        last = FineTuning(from_layer=base.layers - 1)
        assert TransferLearning(base=base.name, fine_tuning=last).first_to_learn == base.layers - 1
        with pytest.raises(ValidationError, match=f"fine_tuning.from_layer: {base.name} has {base.layers} layers"):
            TransferLearning(base=base.name, fine_tuning=FineTuning(from_layer=base.layers))


def test_pixels_alone_are_trained_in_one_phase():
    with pytest.raises(
        ValidationError, match=r"fine_tuning\.epochs: base=None has no layers to fine-tune; set it to 0"
    ):
        TransferLearning(base=None)
    settings = TransferLearning(base=None, fine_tuning=FineTuning(epochs=0), widths=(20, 10))
    assert settings.pretrained is None
    assert TransferLearning.model_validate_json(settings.model_dump_json()) == settings
