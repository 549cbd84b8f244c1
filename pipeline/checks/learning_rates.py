"""Warns of learning rates that don't fit each other; nothing of it stops a run."""

from collections.abc import Iterator

from pipeline.checks.finding import Finding, warning
from pipeline.config import Pipeline


def check_learning_rates(config: Pipeline) -> Iterator[Finding]:
    """Looks at the learning rates of the Trainer's phases."""
    if config.trainer.doubt:
        yield warning("training", config.trainer.doubt, "Give fine tuning a lower one: a tenth is usual.")
