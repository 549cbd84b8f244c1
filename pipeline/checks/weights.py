"""Checks whether the pretrained weights are here, or must come over a network."""

from pathlib import Path

from typing_extensions import assert_never

from components.trainer.transfer_learning.weights_cache import KERAS_BYTES, cache_names, cached, kept_by_keras
from pipeline.checks.finding import Finding, fault, ok, warning
from pipeline.config import ImagePipeline, Pipeline, RowPipeline

WITHOUT_NETWORK = "Without a network, give a file with --set trainer.weights=PATH, or none with trainer.weights=None."


def check_weights(config: Pipeline) -> list[Finding]:
    """Looks for the weights that a pipeline of photos starts from; nothing to say of one of rows."""
    match config:
        case ImagePipeline():
            return [_check_photo_weights(config)]
        case RowPipeline():
            return []
        case _:
            assert_never(config)


def imagenet_size(config: Pipeline) -> int | None:
    """Returns the size of photos for which a pipeline needs ImageNet's weights; None if it needs none."""
    match config:
        case ImagePipeline():
            return config.transform.image_size if config.trainer.weights == "imagenet" else None
        case RowPipeline():
            return None
        case _:
            assert_never(config)


def _check_photo_weights(config: ImagePipeline) -> Finding:
    weights = config.trainer.weights
    if weights == "imagenet":
        return check_imagenet(config.transform.image_size)
    if weights is None:
        return ok("weights", "Random, as trainer.weights says")
    if "://" in weights:
        return warning("weights", f"{weights} wasn't looked at: it is remote.", "The run looks at it.")
    if not Path(weights).is_file():
        return fault("weights", f"There is no file {weights}.", 'Give the path of an .h5 file, or "imagenet".')
    return ok("weights", weights)


def check_imagenet(image_size: int) -> Finding:
    """Looks for ImageNet weights for an image size."""
    for source, name in cache_names(image_size).items():
        if cached(name):
            return ok("weights", f"ImageNet's for {image_size} px are in the cache, from {source}")
    kept = kept_by_keras(image_size)
    if kept.is_file() and kept.stat().st_size == KERAS_BYTES:
        return ok("weights", f"ImageNet's for {image_size} px are where Keras keeps them")
    text = f"ImageNet's for {image_size} px aren't here: the first run gets them from Keras or from the package index."
    return warning("weights", text, WITHOUT_NETWORK)
