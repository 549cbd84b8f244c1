"""A network with nothing but loopback, for servers that obey whoever reaches them: a network namespace of Linux.

Most users need a user namespace for it, which a process with several threads may not make. So another process makes
both, `python private_network.py DESCRIPTOR`, and sends them through that socket. They last as long as somebody has them
open.
"""

import ctypes
import fcntl
import os
import socket
import struct
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

NEW_USER, NEW_NETWORK = 0x10000000, 0x40000000
GET_FLAGS, SET_FLAGS, UP = 0x8913, 0x8914, 0x1
INTERFACE_REQUEST = struct.Struct("16sh22x")
"""A name and flags, in the size that the kernel reads."""

NAMESPACES = 2
LONGEST_ERROR = 4096


class NoPrivateNetworkError(Exception):
    """The system doesn't allow it; the text says why."""


@contextmanager
def private_network() -> Iterator[tuple[int, ...]]:
    """Makes a network in which processes reach each other and nothing else; yields the descriptors that `enter` takes.

    Raises:
        NoPrivateNetworkError: The system doesn't allow it.
    """
    ours, theirs = socket.socketpair()
    with ours:
        with theirs:
            # Isolated: modules beside this file have the names of others.
            command = [sys.executable, "-I", "-S", __file__, str(theirs.fileno())]
            made = subprocess.run(command, pass_fds=[theirs.fileno()], check=False)
        error, descriptors, _, _ = socket.recv_fds(ours, LONGEST_ERROR, NAMESPACES, socket.MSG_CMSG_CLOEXEC)
    try:
        if not descriptors:
            raise NoPrivateNetworkError(error.decode() or f"exit status {made.returncode}")
        yield tuple(descriptors)
    finally:
        for descriptor in descriptors:
            os.close(descriptor)


def enter(descriptors: Sequence[int]) -> None:
    """Moves this process, which must have a single thread, into the network; closes the descriptors.

    Raises:
        OSError: The system doesn't allow it.
    """
    for descriptor in descriptors:
        _call("setns", descriptor, 0)
        os.close(descriptor)


def _make() -> list[str]:
    """Moves this process into a new network; returns the namespaces to enter for others to come into it, in order."""
    user, group = os.geteuid(), os.getegid()
    try:
        # Root keeps its rights over other users' files only where it needs no user namespace.
        _call("unshare", NEW_NETWORK)
        _raise_loopback()
    except PermissionError:
        _call("unshare", NEW_USER | NEW_NETWORK)
        _map_ids(user, group)
        _raise_loopback()
        return ["user", "net"]
    return ["net"]


def _map_ids(user: int, group: int) -> None:
    """Lets the user and the group be who they were; without that nobody may write a file."""
    for name, text in (("setgroups", "deny"), ("uid_map", f"{user} {user} 1"), ("gid_map", f"{group} {group} 1")):
        Path("/proc/self", name).write_text(text, encoding="ascii")


def _raise_loopback() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        answer = fcntl.ioctl(any_socket, GET_FLAGS, INTERFACE_REQUEST.pack(b"lo", 0))
        name, flags = INTERFACE_REQUEST.unpack(answer)
        fcntl.ioctl(any_socket, SET_FLAGS, INTERFACE_REQUEST.pack(name, flags | UP))


def _call(function: str, *arguments: int) -> None:
    """Calls a function of the C library; Python has these since 3.12."""
    library = ctypes.CDLL(None, use_errno=True)
    if not hasattr(library, function):
        raise OSError(f"this system has no {function}")
    if getattr(library, function)(*arguments):
        number = ctypes.get_errno()
        raise OSError(number, f"{function}: {os.strerror(number)}")


def _send(descriptor: int) -> None:
    """Makes the network and sends its descriptors, or what is in the way."""
    with socket.socket(fileno=descriptor) as channel:
        try:
            descriptors = [os.open(f"/proc/self/ns/{kind}", os.O_RDONLY) for kind in _make()]
        except OSError as error:
            channel.send(str(error.strerror or error).encode())
        else:
            socket.send_fds(channel, [b"made"], descriptors)


if __name__ == "__main__":
    _send(int(sys.argv[1]))
