"""Ends a step that is told to by SIGTERM, whatever it is doing, as Kubernetes does when a pod has to go."""

import os
import signal
import threading
from contextlib import suppress

import psutil

STDERR = 2
STATUS = 128 + signal.SIGTERM
WORDS = """The step was told to end (SIGTERM): the run was ended, or the pod had to leave its node.
  place: {place}
  cure:  Run it again. A training goes on after its last checkpoint.
"""


def end_on_sigterm(place: str) -> None:
    """Lets SIGTERM end this process, and those that it started, with status 143; to be called in the main thread.

    Without a handler, the kernel keeps SIGTERM from the first process of a container. A handler in Python isn't enough:
    it runs in the main thread, after whatever that does in TensorFlow, such as an epoch. So a thread waits for the
    byte that the signal writes into a pipe wherever the main thread is.

    Args:
        place: The step, for its last words.
    """
    told, teller = os.pipe()
    os.set_blocking(teller, False)
    signal.set_wakeup_fd(teller, warn_on_full_buffer=False)
    signal.signal(signal.SIGTERM, lambda number, frame: None)
    os.register_at_fork(before=_hold_back, after_in_parent=_let_through, after_in_child=_be_ended_alone)
    threading.Thread(target=_end_when_told, args=(told, place), name="sigterm", daemon=True).start()


def _hold_back() -> None:
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM])


def _let_through() -> None:
    signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGTERM])


def _be_ended_alone() -> None:
    """Takes the handler from a forked process: it has the same pipe, and what ends it mustn't end the step."""
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    _let_through()


def _end_when_told(told: int, place: str) -> None:
    while os.read(told, 1)[0] != signal.SIGTERM:
        pass
    try:
        # Past Python's own buffer, whose lock the main thread may hold.
        os.write(STDERR, WORDS.format(place=place).encode())
        for child in psutil.Process().children(recursive=True):
            with suppress(psutil.Error):  # it has ended by itself
                child.kill()
    finally:
        os._exit(STATUS)
