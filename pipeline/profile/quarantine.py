"""Counts what can't be used as the gate counts it, and says what to do if that is too much."""

import math
from dataclasses import dataclass

SPARE = 1.1
STEP = 0.05


@dataclass(frozen=True)
class Quarantine:
    """How much can't be used.

    Attributes:
        count: How many records, without hidden files and blank lines, as in all of this.
        total: Of how many.
        what: What they are, as "rows".
        about: Whether these are estimates.
    """

    count: int
    total: int
    what: str
    about: bool = False

    @property
    def share(self) -> float:
        """Which part of all."""
        return self.count / max(self.total, 1)

    @property
    def text(self) -> str:
        """Returns "3 of 100 rows can't be used (3.0%)"."""
        return f"{'About ' * self.about}{self.count:,} of {self.total:,} {self.what} can't be used ({self.share:.1%})"

    def stops(self, most: float) -> bool:
        """Returns whether this stops a run whose `gate.max_quarantined` is `most`."""
        return self.share > most

    @property
    def setting(self) -> str:
        """The setting with which a run leaves so much out and goes on, as `--set` takes it."""
        return f"gate.max_quarantined={rounded_up(self.share)}"


def rounded_up(share: float) -> str:
    """Returns a bound that a share stays below with something to spare, as `--set` takes it."""
    return f"{min(1.0, math.ceil(round(share * SPARE / STEP, 6)) * STEP):.2g}"
