"""Says of a run's process that ended without a word whether it starved: of memory, or of room on a disk."""

import signal
from collections.abc import Sequence
from pathlib import Path

from components.errors import TransferlineError
from components.memory import address_limit, ended_for_memory, no_memory, says_memory
from components.room import Folder, folder_error

TAIL_BYTES = 8192
OF_THE_LOADER = 127
"""With which the C library ends a process that it couldn't load or start a thread of."""

CRASHES = (signal.SIGSEGV, signal.SIGABRT, signal.SIGBUS, signal.SIGILL, signal.SIGTRAP)


def starved(
    status: int, log: Path, folders: Sequence[Folder], ended_before: int | None, proc: Path = Path("/proc")
) -> TransferlineError | None:
    """Returns why a process ended, if it starved; None where nothing says so.

    Args:
        status: Its exit status; of a signal the number, negative.
        log: What it wrote.
        folders: What it wrote to.
        ended_before: How many processes the system had ended for want of memory by its start; None if nobody counts.
        proc: Where the system tells of itself.
    """
    last = _last_lines(log)
    ended_now = ended_for_memory(proc)
    if status == -signal.SIGKILL and ended_now is not None and ended_before is not None and ended_now > ended_before:
        return no_memory("the system ended the run's process (SIGKILL)", proc)
    if status == -signal.SIGKILL:  # by somebody, and what its log says is of before
        return None
    if said := next((line for line in reversed(last) if says_memory(line)), ""):
        return no_memory(f"the log of the run's process ends with '{said.strip()}'")
    if address_limit() is not None and (-status in CRASHES or status == OF_THE_LOADER):
        return no_memory(f"the run's process crashed ({signal.Signals(-status).name if status < 0 else status})")
    return next((refused for line in reversed(last) if (refused := folder_error(OSError(line), folders))), None)


def _last_lines(log: Path) -> list[str]:
    try:
        with log.open("rb") as file:
            file.seek(max(0, file.seek(0, 2) - TAIL_BYTES))
            return file.read().decode("utf-8", "replace").splitlines()
    except OSError:
        return []
