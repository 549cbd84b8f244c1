"""Reports a component's progress without knowing who listens.

Progress is a log record: on a laptop the screen turns it into a bar, on a cluster it is a line in the step's log.
"""

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

LOGGER = logging.getLogger("transferline.progress")
SECONDS_BETWEEN = 0.1
"""A listener hears of progress ten times a second, and of the last of all."""


@dataclass(frozen=True)
class Progress:
    """One report of progress.

    Attributes:
        done: Units finished so far.
        total: Units in all, or None where that isn't known.
        unit: What is counted: "photos", "rows", "epochs".
        detail: What else is worth a glance, as "val_accuracy 0.981".
    """

    done: int
    total: int | None
    unit: str
    detail: str = ""


def report(done: int, total: int | None, unit: str, detail: str = "") -> None:
    """Logs one `Progress` as the attribute `progress` of a record of the logger `transferline.progress`."""
    progress = Progress(done, total, unit, detail)
    LOGGER.info("%d/%s %s %s", done, "?" if total is None else total, unit, detail, extra={"progress": progress})


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
        if found.done != found.total and time.monotonic() - self._heard < SECONDS_BETWEEN:
            return
        self._heard = time.monotonic()
        self._listener(found)
