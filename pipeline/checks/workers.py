"""Checks whether others could reach the workers of a training, which execute whatever they are sent."""

import os
from collections.abc import Iterator

from components.errors import TransferlineError
from components.trainer.workers import OPEN_PORTS, starts_workers
from pipeline.checks.finding import Finding, of_error, ok, warning
from pipeline.config import Pipeline
from pipeline.runs.launch import refuse_open_ports

LET_NOBODY_IN = "Let nobody but the workers reach these ports, by a firewall or a NetworkPolicy (docs/training.md)."


def check_workers(config: Pipeline) -> Iterator[Finding]:
    """Looks whether the workers' ports are open; nothing to say of a training in one process."""
    trainer = config.trainer
    if not starts_workers(trainer):
        if trainer.strategy == "multi_worker" and os.environ.get("TF_CONFIG"):
            yield warning("workers", f"The ports in TF_CONFIG are open to the network: {OPEN_PORTS}.", LET_NOBODY_IN)
    elif trainer.open_worker_ports:
        text = f"Their ports are open to the network, as trainer.open_worker_ports says: {OPEN_PORTS}."
        yield warning("workers", text, LET_NOBODY_IN)
    else:
        try:
            refuse_open_ports(config)
        except TransferlineError as error:
            yield of_error("workers", error)
        else:
            yield ok("workers", f"{trainer.workers}, in a network of their own")
