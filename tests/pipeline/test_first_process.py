"""The first process of a container, stood for by one that gets the orphans of its descendants, as that does."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

BEGINS = """
import ctypes, os, signal, sys, time
from pathlib import Path
ctypes.CDLL(None).prctl(36, 1)  # PR_SET_CHILD_SUBREAPER
first = os.getpid()
from pipeline.first_process import go_on_in_child, leave_first_process
"""
IN_CHILD = f"{BEGINS}go_on_in_child()\nassert os.getppid() == first\n"
LEAVES_AN_ORPHAN = """
if os.fork() == 0:
    orphan = os.fork()
    if orphan:
        print(orphan, flush=True)
    os._exit(0)
os.wait()
"""


def started(program):
    return subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True)


@pytest.mark.parametrize(
    ("ending", "status"),
    [("", 0), ("sys.exit(3)", 3), ("os.kill(os.getpid(), signal.SIGKILL)", 137)],
)
def test_it_ends_as_its_child_does(ending, status):
    with started(IN_CHILD + ending) as process:
        pass
    assert process.returncode == status


def test_another_process_goes_on_as_it_is():
    with started(f"{BEGINS}leave_first_process()\nassert os.getpid() == first\n") as process:
        pass
    assert process.returncode == 0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_what_it_is_told_it_tells_its_child(number):
    with started(f"{IN_CHILD}print('ready', flush=True)\ntime.sleep(1000)\n") as process:
        process.stdout.readline()
        process.send_signal(number)
    assert process.returncode == 128 + number


def test_orphans_are_waited_for():
    with started(f"{IN_CHILD}{LEAVES_AN_ORPHAN}time.sleep(1000)\n") as process:
        orphan = Path("/proc", process.stdout.readline().strip())
        while orphan.exists():  # for ever, if nobody waited for it
            pass
        process.send_signal(signal.SIGTERM)
    assert process.returncode == 128 + signal.SIGTERM
