"""What a container's default profile does: from here on, this process and what it starts may make no namespaces.

`python forbidden_namespaces.py COMMAND...` runs a command so.
"""

import ctypes
import errno
import platform
import struct
import subprocess
import sys

UNSHARE = {"x86_64": 272, "aarch64": 97}[platform.machine()]
NO_NEW_PRIVILEGES, SECCOMP, FILTER = 38, 22, 2

# Instructions of the classic Berkeley packet filter, and what it answers to a system call.
LOAD, IF_EQUAL, RETURN = 0x20, 0x15, 0x06
REFUSE, ALLOW = 0x00050000 | errno.EPERM, 0x7FFF0000


class Program(ctypes.Structure):
    _fields_ = [("length", ctypes.c_ushort), ("filter", ctypes.c_char_p)]


def forbid_namespaces():
    lines = [(LOAD, 0, 0, 0), (IF_EQUAL, 0, 1, UNSHARE), (RETURN, 0, 0, REFUSE), (RETURN, 0, 0, ALLOW)]
    program = Program(len(lines), b"".join(struct.pack("HBBI", *line) for line in lines))
    control = ctypes.CDLL(None, use_errno=True).prctl
    for arguments in ((NO_NEW_PRIVILEGES, 1, 0, 0, 0), (SECCOMP, FILTER, ctypes.byref(program), 0, 0)):
        if control(*arguments):
            raise OSError(ctypes.get_errno(), "prctl")


if __name__ == "__main__":
    forbid_namespaces()
    sys.exit(subprocess.run(sys.argv[1:], check=False).returncode)
