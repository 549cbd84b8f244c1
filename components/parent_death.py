"""Ends a process with the one that started it."""

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1


def end_with_parent(process: int) -> None:
    """Lets the kernel kill this process when the one that started it ends, in whatever way.

    A thread of this process could be kept from doing so: a call into C++ may hold Python's interpreter for ever. The
    kernel forgets it when the process changes its user or enters a namespace with other rights; call it again then.

    Args:
        process: The number of the process that started this one.
    """
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != process:  # it has ended already
        sys.exit(1)
