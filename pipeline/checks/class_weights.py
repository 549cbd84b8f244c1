"""Checks that weights are given for classes that there are: the Trainer would notice only after the data is read."""

from collections.abc import Iterator

from components.wording import listed, nearest
from pipeline.checks.finding import Finding, fault
from pipeline.checks.look import Look
from pipeline.config import Pipeline


def check_class_weights(config: Pipeline, look: Look) -> Iterator[Finding]:
    """Holds the names in `trainer.class_weights` against the classes.

    Args:
        config: The pipeline.
        look: What is known of its data.
    """
    weights = config.trainer.class_weights
    if not isinstance(weights, dict) or look.classes is None:
        return
    for name in [name for name in weights if name not in look.classes]:
        text = f"trainer.class_weights names the class '{name}', which doesn't exist{nearest(name, look.classes)}"
        yield fault("class weights", text, f"Use some of {listed(sorted(look.classes), 40)}.")
