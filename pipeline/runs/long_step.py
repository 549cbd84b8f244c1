"""How far a step is that takes minutes, for a screen that can't draw a bar: a pipe, or the log of a CI system."""

import math
import time
from dataclasses import dataclass

from components.progress import Progress


@dataclass(frozen=True)
class Heard:
    """A report of progress.

    Attributes:
        at: When it came, in seconds.
        progress: What it said.
    """

    at: float
    progress: Progress


class LongStep:
    """A step at work, which is worth a line now and then.

    Args:
        name: The step.
        seconds_between: How long it may work without a line.

    Attributes:
        name: The step.
    """

    def __init__(self, name: str, seconds_between: float) -> None:
        self.name = name
        self._seconds_between = seconds_between
        self._began = self._last_line = time.monotonic()
        self._first: Heard | None = None
        self._last: Heard | None = None

    def hear(self, progress: Progress) -> None:
        """Takes a report of progress."""
        self._last = Heard(time.monotonic(), progress)
        if self._first is None or not _continues(self._first.progress, progress):
            self._first = self._last

    def is_due(self) -> bool:
        """Whether it has been long since the last line."""
        return time.monotonic() - self._last_line >= self._seconds_between

    def told(self) -> tuple[str, float, str]:
        """Returns what the line says: the step, for how long it has been at work, and how far it is."""
        self._last_line = now = time.monotonic()
        left = self.seconds_left()
        estimate = "" if left is None else f", about {math.ceil(left / 60)} min left"
        return self.name, now - self._began, (how_far(self._last.progress) if self._last else "") + estimate

    def seconds_left(self) -> float | None:
        """Estimates what remains of what is counted; None if that can't be told."""
        if self._first is None or self._last is None:
            return None
        return seconds_left(self._first, self._last, time.monotonic())


def how_far(progress: Progress) -> str:
    """Returns how far a step is, in words."""
    total = "" if progress.total is None else f"/{progress.total:,}"
    return f"{progress.done:,}{total} {progress.unit} {progress.detail}".rstrip()


def seconds_left(first: Heard, last: Heard, now: float) -> float | None:
    """Estimates what remains of a step, by what it did since its first report; None if that can't be told.

    Args:
        first: The first report, which came after all that is done once, as loading data.
        last: The last report.
        now: The time, in seconds.
    """
    total, done = last.progress.total, last.progress.done
    if total is None or done in (total, first.progress.done):
        return None
    seconds_each = (last.at - first.at) / (done - first.progress.done)
    return max(seconds_each * (total - done) - (now - last.at), 0.0)


def _continues(first: Progress, progress: Progress) -> bool:
    """Whether the same things are counted, and not anew."""
    return (first.unit, first.total) == (progress.unit, progress.total) and first.done <= progress.done
