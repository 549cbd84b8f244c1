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
