"""How a component says how far it is, without knowing who listens.

Progress is a log record: on a laptop the screen turns it into a bar, on a cluster it is a line in the step's log.
"""

import logging
from dataclasses import dataclass

LOGGER = logging.getLogger("transferline.progress")


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
