"""Reports a component's progress without knowing who listens.

Progress is a log record: on a laptop the screen turns it into a bar, on a cluster it is a line in the step's log.
"""

import logging
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

LOGGER = logging.getLogger("transferline.progress")
SECONDS_BETWEEN = 0.1
"""A listener hears of progress ten times a second, and of the last of all and of what has a line."""


@dataclass(frozen=True)
class Progress:
    """One report of progress.

    Attributes:
        done: Units finished so far.
        total: Units in all, or None where that isn't known.
        unit: What is counted: "photos", "rows", "epochs".
        detail: What else is worth a glance, as "val_accuracy 0.981".
        line: What whoever wants to know more gets a line of, as an epoch and its metrics; "" for nothing. Every
            listener hears of such a report.
    """

    done: int
    total: int | None
    unit: str
    detail: str = ""
    line: str = ""


def report(done: int, total: int | None, unit: str, detail: str = "", *, line: str = "") -> None:
    """Logs one `Progress` as the attribute `progress` of a record of the logger `transferline.progress`."""
    progress = Progress(done, total, unit, detail, line)
    LOGGER.info(
        "%d/%s %s %s", done, "?" if total is None else total, unit, line or detail, extra={"progress": progress}
    )


def values_text(values: Mapping[str, float]) -> str:
    """Returns metrics as "loss 0.1234, val_loss 0.2345"."""
    return ", ".join(f"{name} {value:.4g}" for name, value in values.items())


@contextmanager
def heard_by(listener: Callable[[Progress], None]) -> Iterator[None]:
    """Hands to a listener what is reported meanwhile."""
    handler, level = _Handler(listener), LOGGER.level
    LOGGER.setLevel(logging.INFO)
    LOGGER.addHandler(handler)
    try:
        yield
    finally:
        LOGGER.removeHandler(handler)
        LOGGER.setLevel(level)


class _Handler(logging.Handler):
    def __init__(self, listener: Callable[[Progress], None]) -> None:
        super().__init__()
        self._listener = listener
        self._heard = 0.0

    def emit(self, record: logging.LogRecord) -> None:
        found = getattr(record, "progress", None)
        if not isinstance(found, Progress):
            return
        if found.done != found.total and not found.line and time.monotonic() - self._heard < SECONDS_BETWEEN:
            return
        self._heard = time.monotonic()
        self._listener(found)
