"""Checks whether the pretrained weights are here, or must come over a network."""

from pathlib import Path

from typing_extensions import assert_never

from components.trainer.transfer_learning.bases import HUB_REQUIREMENT, Base
from components.trainer.transfer_learning.weights_cache import cache_names, cached, is_whole, kept_by_keras
from pipeline.checks.finding import Finding, fault, ok, warning
from pipeline.checks.network import why_not_in_index, why_not_there
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


def imagenet_needed(config: Pipeline) -> tuple[Base, int] | None:
    """Returns the base of which a pipeline needs ImageNet's weights, and for which size of photos; None for none."""
    match config:
        case ImagePipeline():
            base = config.trainer.pretrained
            return (base, config.transform.image_size) if base and config.trainer.weights == "imagenet" else None
        case RowPipeline():
            return None
        case _:
            assert_never(config)


def _check_photo_weights(config: ImagePipeline) -> Finding:
    weights = config.trainer.weights
    if config.trainer.pretrained is None:
        return ok("weights", "Random, as trainer.base=None says")
    if needed := imagenet_needed(config):
        found = check_imagenet(*needed)
        return found if found.level == "ok" else _reached(*needed, found)
    if weights is None:
        return ok("weights", "Random, as trainer.weights says")
    if "://" in weights:
        return warning("weights", f"{weights} wasn't looked at: it is remote.", "The run looks at it.")
    if not Path(weights).is_file():
        return fault("weights", f"There is no file {weights}.", 'Give the path of an .h5 file, or "imagenet".')
    return ok("weights", weights)


def _reached(base: Base, image_size: int, found: Finding) -> Finding:
    """Asks the places that weights come from, until one answers."""
    if not (why := why_not_there(base.weights.address(image_size))):
        return found
    missed = ""
    if base.in_package_index:
        if not (missed := why_not_in_index(HUB_REQUIREMENT.partition("==")[0])):
            return found
        missed = f", nor from the package index: {missed}"
    text = f"ImageNet's of {base.name} for {image_size} px aren't here, and can't be had from Keras: {why}{missed}."
    return fault("weights", text, WITHOUT_NETWORK)


def check_imagenet(base: Base, image_size: int) -> Finding:
    """Looks for a base's ImageNet weights for an image size."""
    names = cache_names(base, image_size)
    for source, name in names.items():
        if cached(name):
            return ok("weights", f"ImageNet's of {base.name} for {image_size} px are in the cache, from {source}")
    if is_whole(kept_by_keras(base, image_size), base):
        return ok("weights", f"ImageNet's of {base.name} for {image_size} px are where Keras keeps them")
    sources = " or from the ".join(["Keras", *list(names)[1:]])
    text = f"ImageNet's of {base.name} for {image_size} px aren't here: the first run gets them from {sources}."
    return warning("weights", text, WITHOUT_NETWORK)
