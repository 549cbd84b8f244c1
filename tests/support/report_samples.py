"""Parts of a review that tests vary."""

from components.outcome import ThresholdCheck
from components.trainer.curves import LearningCurves

NASTY = "</script><script>alert('x')</script>"


def check(**changes):
    settings = {"metric": "accuracy", "slice": "all examples", "kind": "at_least", "value": 0.75, "bound": 0.7}
    return ThresholdCheck(**{**settings, "baseline": None, "passed": True, **changes})


def curves(**changes):
    validation = (0.7, 0.5, 0.4, 0.45)
    metrics = {
        "loss": (0.8, 0.6, 0.3, 0.2),
        "val_loss": validation,
        "accuracy": (0.5, 0.6, 0.8, 0.9),
        "val_accuracy": (0.5, 0.7, 0.75, 0.7),
        "learning_rate": (1e-4, 1e-4, 1e-5, 1e-5),
        "seconds": (2.0, 1.0, 3.0, 3.0),
    }
    settings = {"epochs": (1, 2, 3, 4), "fine_tuning_starts_at": 2, "metrics": metrics}
    return LearningCurves(**{**settings, **changes})
