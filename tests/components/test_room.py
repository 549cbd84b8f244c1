"""What is told of a folder that can't be written to, by whoever met it."""

import errno
import os
import re
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import h5py
import numpy as np
import pytest
import tensorflow as tf
from small_disk import small_disk

from components.errors import TransferlineError
from components.room import Folder, folder_error, free_bytes, full_disk


@pytest.fixture(scope="module")
def disk(tmp_path_factory):
    """A disk of 256 KB with 32 KB free."""
    with small_disk(tmp_path_factory.mktemp("disk"), "size=256k,nr_inodes=40") as found:
        found.fill(but=32 * 1024)
        yield found


@pytest.fixture
def folders(disk, tmp_path):
    """The full one and one with room."""
    return Folder(disk.path, "take another", " by hand"), Folder(tmp_path, "name another")


def raised(write):
    """The error of something that writes."""
    with pytest.raises(Exception) as found:  # noqa: PT011 (of every library its own)
        write()
    return found.value


def python(path):
    path.write_bytes(bytes(64 * 1024))


def tensorflow(path):
    tf.io.write_file(str(path), bytes(64 * 1024))


def hdf5(path):
    with h5py.File(path, "w") as file:
        file["x"] = np.zeros(64 * 1024)


@pytest.mark.parametrize("write", [python, tensorflow, hdf5])
def test_a_full_disk_is_told_whichever_library_met_it(disk, folders, write):
    error = raised(lambda: write(disk.path / "file"))
    with suppress(OSError):
        (disk.path / "file").unlink()
    try:
        raise RuntimeError(f"{type(error).__name__}: {error} [while running 'Write']")  # as Beam's, of its text alone
    except RuntimeError as found:
        of_its_text = found
    for each in (error, of_its_text):
        told = folder_error(each, folders)
        assert re.match(r"The disk is full: a file didn't fit into the [\d.]+ (kB|bytes) that are free at ", told.cause)
        assert told.cause.endswith(f" at {disk.path}.")
        assert told.cure == "Make room there by hand, or take another."


def test_a_full_disk_is_told_by_the_words_of_sqlite(disk, folders):
    program = "import sqlite3, sys; sqlite3.connect(sys.argv[1]).execute('CREATE TABLE t AS SELECT randomblob(262144)')"
    done = disk.run(sys.executable, "-c", program, disk.folder / "file")
    said = done.stderr.splitlines()[-1]
    assert "sqlite3.OperationalError: " in said
    assert folder_error(RuntimeError(said), folders).cause.startswith("The disk is full: ")


def test_a_transaction_that_sqlite_rolled_back_is_told_where_a_disk_is_nearly_full(folders, tmp_path):
    said = "Error when executing query: cannot commit - no transaction is active query: COMMIT;"
    assert folder_error(RuntimeError(said), folders).cause.startswith("The disk is full: ")
    assert folder_error(RuntimeError(said), [Folder(tmp_path, "name another")]) is None


def test_a_disk_without_inodes_is_told(tmp_path):
    with small_disk(tmp_path, "size=1m,nr_inodes=3") as disk:
        (disk.path / "a").touch()
        (disk.path / "b").touch()
        error = raised((disk.path / "c").touch)
        assert "one more file, however small (no inode)" in folder_error(error, [Folder(disk.path, "go")]).cause


def test_a_quota_and_a_bound_on_the_length_of_a_file_are_told(tmp_path):
    folder = Folder(tmp_path, "name another")
    quota = OSError(errno.EDQUOT, os.strerror(errno.EDQUOT), str(tmp_path / "x"))
    assert folder_error(quota, [folder]).cause == f"The disk quota is used up at {tmp_path}."
    too_long = RuntimeError(f"pwrite: {os.strerror(errno.EFBIG)}")
    assert "`ulimit -f` says how long a file may be" in folder_error(too_long, [folder]).cause


def test_the_folder_is_the_one_that_is_named_and_else_the_fullest(disk, folders, tmp_path):
    named = OSError(errno.ENOSPC, "No space left on device", str(tmp_path / "deep" / "file"))
    assert str(tmp_path) in folder_error(named, folders).cause
    of_its_text = ValueError(f"can't write '{tmp_path}/file': No space left on device")
    assert str(tmp_path) in folder_error(of_its_text, folders).cause
    copied = OSError(errno.ENOSPC, "No space left on device", str(tmp_path / "from"), None, str(disk.path / "to"))
    assert str(disk.path) in folder_error(copied, folders).cause
    unnamed = OSError(errno.ENOSPC, "No space left on device")
    assert str(disk.path) in folder_error(unnamed, folders[::-1]).cause


def test_what_came_first_is_told(folders):
    assert folder_error(chained(TransferlineError("The data is bad."), no_space()), folders) is None
    assert "The disk is full" in folder_error(chained(no_space(), TransferlineError("No weights.")), folders).cause
    first = folder_error(no_space(), folders)
    assert folder_error(chained(first, no_space()), folders) is first
    assert folder_error(ValueError("odd"), folders) is None


def chained(first, second):
    """The second of two errors, as it befell what was done about the first."""
    second.__context__ = first
    return second


def no_space():
    return OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


REFUSED = """
import os, sys
from pathlib import Path
from components.errors import TransferlineError
from components.room import Folder, folder_error
above = Path(sys.argv[1])
folders = (Folder(above, "name another in ABOVE"), Folder(above / "shut" / "cache", "name another in CACHE"))
(above / "shut").mkdir(mode=0o555)
(above / "rows.csv").touch(mode=0)
(above / "data").mkdir(mode=0)

def told(act, *, wrapped=False):
    try:
        try:
            act()
        except OSError as error:
            if wrapped:
                raise TransferlineError("The data can't be read.") from error
            raise
    except Exception as error:
        found = folder_error(error, folders)
        print(found and f"{found.cause} {found.cure}")

told((above / "shut" / "cache").mkdir)
told((above / "shut" / "file").touch)
told((above / "rows.csv").read_bytes)
told((above / "rows.csv").read_bytes, wrapped=True)
told(lambda: os.listdir(above / "data"))
told(lambda: os.listdir(above / "data"), wrapped=True)
told((above / "data" / "rows.csv").read_bytes, wrapped=True)
"""


def test_what_may_not_be_read_is_told_apart_from_a_folder_that_may_not_be_written_to(tmp_path):
    command = ["unshare", "--user", "--map-user=12345", sys.executable, "-c", REFUSED, str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    cache, above, *read = done.stdout.splitlines()
    said = f"can't be written to: [Errno 13] Permission denied: '{tmp_path}/shut/"
    assert cache == (f"{tmp_path}/shut/cache {said}cache'. Let this user write there, or name another in CACHE.")
    assert above == f"{tmp_path} {said}file'. Let this user write there, or name another in ABOVE."
    assert read == ["None"] * 5


def test_a_folder_that_may_not_be_written_to_is_told_with_those_above_it(tmp_path):
    cache = Folder(tmp_path / "none" / "cache", "name another in CACHE")
    refused = OSError(errno.EROFS, "Read-only file system", str(tmp_path / "none"))
    told = folder_error(refused, [cache])
    assert told.cause.startswith(f"{cache.path} can't be written to: [Errno 30] Read-only file system")
    assert told.cure == "Let this user write there, or name another in CACHE."
    not_made = FileNotFoundError(errno.ENOENT, "No such file or directory", str(tmp_path / "none"))
    assert folder_error(not_made, [cache]).cause.startswith(f"{cache.path} can't be written to: [Errno 2]")
    missing = FileNotFoundError(errno.ENOENT, "No such file or directory", str(tmp_path / "file"))
    assert folder_error(missing, [Folder(tmp_path, "name another")]) is None
    elsewhere = OSError(errno.EROFS, "Read-only file system", "/somewhere/else")
    assert folder_error(elsewhere, [cache]) is None
    assert full_disk(refused) == 0


def test_what_is_free_is_told_of_a_folder_that_is_to_be_made(disk):
    assert free_bytes(disk.path / "not" / "yet") == free_bytes(disk.path) < 64 * 1024
    assert free_bytes(Path("relative")) > 0
