"""A disk of a few KB, which needs no root: a tmpfs in a mount namespace of this user's own.

Nothing stands in for the system: what doesn't fit is refused by the kernel (ENOSPC), to Python, TensorFlow, SQLite and
all others alike. /proc shows the disk to processes outside of the namespace, too.
"""

import os
import subprocess
from contextlib import contextmanager
from pathlib import Path

import pytest

MOUNT = 'mount -t tmpfs -o "$1" small_disk "$2" && echo ready && exec sleep infinity'


class SmallDisk:
    """A mounted disk.

    Args:
        process: Which holds it.
        folder: Where it is mounted, for the commands that are run on it.

    Attributes:
        path: The same folder, for everybody.
    """

    def __init__(self, process, folder):
        self.folder = folder
        self.path = Path(f"/proc/{process}/root{folder}")
        self._enter = ["nsenter", f"--target={process}", "--user", "--mount", "--preserve-credentials"]

    def run(self, *command, **options):
        """Runs a command that finds the disk under its folder."""
        command = [*self._enter, *map(str, command)]
        return subprocess.run(command, capture_output=True, text=True, check=False, **options)

    def resize(self, options):
        """Gives the disk another size, such as "size=64m"."""
        done = self.run("mount", "-o", f"remount,{options}", self.folder)
        assert done.returncode == 0, done.stderr

    def fill(self, but=0):
        """Fills the disk with a file, which it returns, but for some bytes."""
        file = self.path / "filler"
        room = os.statvfs(self.path)
        file.write_bytes(bytes(max(0, room.f_bavail * room.f_frsize - but)))
        return file


@contextmanager
def small_disk(folder, options="size=512k"):
    """Mounts a disk at a folder that is there already.

    Args:
        folder: The folder.
        options: Of the mount: size=, nr_inodes=.
    """
    command = ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", MOUNT, "sh", options, str(folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as holder:
        try:
            if holder.stdout.readline() != "ready\n":
                pytest.skip("no user may mount a disk here: the system or its container forbids mount namespaces")
            yield SmallDisk(holder.pid, folder)
        finally:
            holder.kill()
