"""A command on a real terminal, and what a person sees there when it is over."""

import errno
import fcntl
import os
import pty
import re
import struct
import subprocess
import termios
from dataclasses import dataclass

CTRL_C = b"\x03"
ROWS, COLUMNS = 50, 120
NOISE = ("INFO:absl", "WARNING", "Warning", "Traceback")
CONTROL = re.compile(r"\x1b\[([?0-9;]*)([A-Za-z])|([\r\n])")


@dataclass(frozen=True)
class Shown:
    """What a command left.

    Attributes:
        returncode: Its exit status.
        raw: All that was written to the terminal, bars that are gone again too.
    """

    returncode: int
    raw: str

    @property
    def lines(self):
        """The lines that are left, with all that scrolled out of sight."""
        return rendered(self.raw)

    @property
    def text(self):
        return "\n".join(self.lines)


class Terminal:
    """Starts a command whose stdin, stdout and stderr are a terminal of its own.

    Args:
        command: The command.
        env: Its environment.
        cwd: Its folder.
    """

    def __init__(self, command, *, env, cwd):
        self._ours, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
        self.process = subprocess.Popen(
            # As shells start what is in the foreground, which whoever runs the tests may not be.
            ["setsid", "--ctty", "env", "--default-signal=INT,QUIT,HUP", *map(str, command)],
            env={**env, "TERM": "xterm-256color"},
            cwd=cwd,
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
        )
        os.close(theirs)
        self._read = b""

    @property
    def pid(self):
        return self.process.pid

    def press(self, key):
        """Types."""
        os.write(self._ours, key)

    def wait_for(self, text):
        """Reads until a text has been written."""
        while text.encode() not in self._read:
            assert self._more(), self._read.decode(errors="replace")

    def close(self):
        """Closes the window; returns the exit status of what ran in it."""
        os.close(self._ours)
        return self.process.wait()

    def end(self):
        """Reads to the end, and returns all that was shown."""
        while self._more():
            pass
        os.close(self._ours)
        return Shown(self.process.wait(), self._read.decode("utf-8", errors="replace"))

    def _more(self):
        try:
            found = os.read(self._ours, 65536)
        except OSError as error:
            if error.errno != errno.EIO:  # how Linux says that nobody has the terminal open any more
                raise
            return False
        self._read += found
        return bool(found)


def rendered(raw):
    """Returns the lines that a terminal shows: those that a bar has taken back aren't among them."""
    lines, row, column, begin = [""], 0, 0, 0

    def write(text):
        nonlocal column
        lines[row] = lines[row].ljust(column)[:column] + text + lines[row][column + len(text) :]
        column += len(text)

    for control in CONTROL.finditer(raw):
        write(raw[begin : control.start()])
        begin = control.end()
        number, kind, motion = control.groups()
        if motion == "\r":
            column = 0
        elif motion == "\n":
            row += 1
            lines += [""] * (row == len(lines))
        elif kind == "A":
            row = max(row - int(number or 1), 0)
        elif kind == "K":
            lines[row] = "" if number == "2" else lines[row][:column]
    write(raw[begin:])
    while lines and not lines[-1].strip():
        lines.pop()
    return [line.rstrip() for line in lines]


def noise(text):
    """Returns the lines that only a log should have."""
    return [line for line in text.splitlines() if any(word in line for word in NOISE)]
