"""Prepares what the page says and shows of the training: the model, and what TensorFlow's tutorials show beside it."""

import math
import shlex
from collections.abc import Mapping
from itertools import zip_longest
from typing import Any

from components.report.compared import compared_models, smoothing
from components.report.layers import blocks_of, layers_of
from components.report.review import Latency, Review, Sample, TrainingReview
from components.trainer.curves import LearningCurves
from components.trainer.model_summary import ModelSummary
from components.wording import listed

NINE = 9


def training_view(review: Review) -> dict[str, Any]:
    """Returns what the page's template needs for it."""
    training = review.training
    nine, others = nine_of(review.data.samples if review.data else {})
    found: dict[str, Any] = {"nine": nine, "samples": others, "tensorboard": "", "compared": []}
    if training is None:
        return found
    summary = training.summary
    return found | {
        "tensorboard": f"tensorboard --logdir {shlex.quote(training.logs)}" if training.logs else "",
        "compared": compared_models(training),
        "smoothing": smoothing(training.compared) if training.compared else 0,
        "model_sentence": model_sentence(summary) if summary else "",
        "latency": latency_sentence(review.latency) if review.latency else "",
        "blocks": blocks_of(summary) if summary else [],
        "layers": layers_of(summary) if summary else [],
        "initial": before_the_first_step(training.curves),
        "why_better": why_validation_looks_better(training),
    }


def model_sentence(summary: ModelSummary) -> str:
    """Returns how large a model is, how much of it learned, and what it takes on disk."""
    exported = f" The exported model takes {_bytes(summary.export_bytes)}." if summary.export_bytes else ""
    if trees := summary.trees:
        return f"{trees.trees:,} trees with {trees.leaves:,} leaves, at most {trees.depth} questions deep.{exported}"
    learn = listed((f"{count:,} in {phase}" for phase, count in zip(summary.phases, summary.trained, strict=True)), 3)
    layers = f"{len(summary.layers)} layer{'s' if len(summary.layers) > 1 else ''}"
    return f"{summary.parameters:,} parameters in {layers}, of which so many learn: {learn}.{exported}"


def latency_sentence(latency: Latency) -> str:
    """Returns how long a model takes to answer."""
    together = f", and {latency.at_once:,} at once {_time(latency.together)}" if latency.at_once > 1 else ""
    return (
        f"Where this page was drawn, it answers for one {latency.record} in {_time(latency.alone)}{together} (medians, "
        f"in TensorFlow, from the {latency.record} as it came)."
    )


def before_the_first_step(curves: LearningCurves) -> str:
    """Returns loss and accuracy before anything was learned; "" where they weren't measured."""
    words = []
    for split, prefix in (("validation", "val_"), ("training", "")):
        for name in dict.fromkeys((curves.crossentropy, curves.beside)):
            if (value := curves.initial.get(prefix + name)) is not None and math.isfinite(value):
                words.append(f"{split} {_called(name)} {value:.4f}")
    if not words:
        return ""
    when = "first step" if curves.unit == "epoch" else "first tree"
    return f"Before the {when}: {', '.join(words)}."


def why_validation_looks_better(training: TrainingReview) -> str:
    """Returns why validation can be better than training, where it is in the epoch that was kept; else ""."""
    curves = training.curves
    if curves.unit != "epoch":  # of trees both splits are measured alike
        return ""
    kept = (curves.best_epoch or len(curves.epochs)) - 1
    higher_is_better = {curves.crossentropy: False, curves.beside: curves.beside == "accuracy"}
    better = []
    for name, is_higher in higher_is_better.items():
        trained, validated = curves.metrics[name][kept], curves.metrics[f"val_{name}"][kept]
        if validated > trained if is_higher else validated < trained:
            better.append(f"{_called(name)} {validated:.4f}, training {trained:.4f}")
    if not better:
        return ""
    harder = []
    if training.summary and any(layer.dropped for layer in training.summary.layers):
        harder.append("dropout")
    if training.augmented:
        harder.append("augmentation")
    make = "make" if len(harder) > 1 else "makes"
    why = f", and {' and '.join(harder)} {make} it harder in training alone" if harder else ""
    return (
        f"Validation is better than training in epoch {kept + 1} ({'; '.join(better)}). That needn't be luck: the "
        "values of training are means over the epoch, while the model still gets better, those of validation are "
        f"measured after it{why}."
    )


def nine_of(samples: Mapping[str, tuple[Sample, ...]]) -> tuple[list[Sample], dict[str, tuple[Sample, ...]]]:
    """Returns nine photos, the classes taking turns, and those that are left by class; rows are left as they are."""
    if not any(sample.picture for of_class in samples.values() for sample in of_class):
        return [], dict(samples)
    turns = [sample for turn in zip_longest(*samples.values()) for sample in turn if sample is not None]
    nine = turns[:NINE]
    left = {label: tuple(each for each in of_class if each not in nine) for label, of_class in samples.items()}
    return nine, {label: of_class for label, of_class in left.items() if of_class}


def _called(name: str) -> str:
    return {"accuracy": "accuracy", "mae": "mean absolute error", "mse": "mean squared error"}.get(name, "loss")


def _time(seconds: float) -> str:
    return f"{seconds * 1000:.1f} ms" if seconds < 0.01 else f"{seconds * 1000:,.0f} ms"


def _bytes(count: int) -> str:
    return f"{count / 1e6:,.1f} MB" if count >= 1e6 else f"{count / 1e3:,.0f} KB"
