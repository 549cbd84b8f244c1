import pytest
from pydantic import ValidationError

from components.trainer.mlp.config import MLP, MLPTraining


def test_a_model_of_the_users_own():
    assert MLPTraining(models={"mine": MLP(widths=(32, 8), activation="relu", l1=1e-5)}).models["mine"].l2 == 0


@pytest.mark.parametrize(
    "model", [{"widths": ()}, {"widths": (0,)}, {"widths": (8,), "dropout": 1.0}, {"widths": (8,), "activation": "elo"}]
)
def test_impossible_models(model):
    with pytest.raises(ValidationError):
        MLP.model_validate(model)


@pytest.mark.parametrize("models", [{}, {"../up": {"widths": (8,)}}, {"": {"widths": (8,)}}])
def test_impossible_names(models):
    with pytest.raises(ValidationError):
        MLPTraining.model_validate({"models": models})


@pytest.mark.parametrize(
    "wrong",
    [
        {"workers": 2},
        {"workers": 2, "strategy": "mirrored"},
        {"workers": 0, "strategy": "multi_worker"},
        {"precision": "mixed_float16"},
        {"checkpoint_seconds": -1},
        {"weight_decay": 0.01},
        {"optimizer": "adamw"},
        {"optimizer": "adamw", "weight_decay": -0.01},
        {"batch_size": 1, "models": {"normalised": {"widths": [8], "batch_normalization": True}}},
    ],
)
def test_impossible_ways_to_compute(wrong):
    with pytest.raises(ValidationError):
        MLPTraining.model_validate(wrong)
    assert MLPTraining(workers=2, strategy="multi_worker").workers == 2


def test_a_batch_size_per_replica_takes_the_place_of_the_default_and_survives_json():
    settings = MLPTraining(batch_size_per_replica=8, learning_rate_scaling="linear", warm_up_epochs=0.5)

    assert [settings.batch_of(replicas) for replicas in (1, 4)] == [8, 32]
    assert MLPTraining.model_validate_json(settings.model_dump_json()) == settings
    assert MLPTraining(batch_size=12).batch_of(4) == 12


@pytest.mark.parametrize(
    "wrong",
    [
        {"batch_size": 8, "batch_size_per_replica": 8},
        {"batch_size": None},
        {"batch_size": None, "batch_size_per_replica": 0},
        {"learning_rate_scaling": "linear"},
        {"batch_size_per_replica": 8, "learning_rate_scaling": "sqrt"},
        {"warm_up_epochs": -1},
        {"warm_up_epochs": 6, "max_epochs": 5},
    ],
)
def test_batches_and_rates_that_make_no_sense_are_refused(wrong):
    with pytest.raises(ValidationError):
        MLPTraining.model_validate(wrong)
