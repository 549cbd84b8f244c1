"""A user without rights, for tests that run as root, who may read and write everything."""

import os
import tempfile
from contextlib import contextmanager
from pathlib import Path

NOBODY = 65534


@contextmanager
def as_nobody():
    """Drops the rights of root; other users have none to drop."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)


@contextmanager
def open_folder():
    """A folder that every user can reach, as tmp_path can't be."""
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)  # noqa: S103 - that is the point.
        yield Path(folder)
