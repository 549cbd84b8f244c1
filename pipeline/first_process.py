"""Lets a command be the first process of a container.

The kernel keeps from the first process every signal that it has no handler for, SIGTERM too, and leaves it all
processes whose parents are gone, to be waited for. So it does nothing else, and the command is its child.
"""

import os
import signal
import sys
from contextlib import suppress
from types import FrameType

FIRST = 1
STDIN = 0
OF_A_SIGNAL = 128
"""Shells add a signal's number to it."""

PASSED_ON = (
    signal.SIGTERM,
    signal.SIGINT,
    signal.SIGHUP,
    signal.SIGQUIT,
    signal.SIGUSR1,
    signal.SIGUSR2,
    signal.SIGWINCH,
)


def leave_first_process() -> None:
    """Goes on in a child where this is a container's first process, which ends as the child does."""
    if os.getpid() == FIRST:
        go_on_in_child()


def go_on_in_child() -> None:
    """Returns in a child; this process passes signals on to it, waits for whatever ends, and ends as the child does."""
    sys.stdout.flush()
    sys.stderr.flush()
    before = signal.pthread_sigmask(signal.SIG_BLOCK, PASSED_ON)  # till it is known whom to pass them on to
    child = os.fork()
    if child:
        _tend(child)
    _take_terminal()
    signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _tend(child: int) -> None:
    def pass_on(number: int, _: FrameType | None) -> None:
        os.kill(child, number)

    for number in PASSED_ON:
        signal.signal(number, pass_on)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, PASSED_ON)
    while True:
        ended, status = os.wait()
        if ended == child:
            code = os.waitstatus_to_exitcode(status)
            os._exit(code if code >= 0 else OF_A_SIGNAL - code)


def _take_terminal() -> None:
    """Has the terminal's Ctrl-C come to this process and its children alone, which else would get it twice."""
    os.setpgid(0, 0)
    if os.isatty(STDIN):
        handler = signal.signal(signal.SIGTTOU, signal.SIG_IGN)
        with suppress(OSError):  # it isn't the one that signals come from
            os.tcsetpgrp(STDIN, os.getpgrp())
        signal.signal(signal.SIGTTOU, handler)
