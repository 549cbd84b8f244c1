"""One lock a pipeline: of all that change what is in its folder, only one is at work at a time.

The lock is the system's own (flock), so that it goes with whoever holds it, even if that is killed. The file also says
who that is. On a volume that several machines share, a file system may keep their locks apart, or have none: there the
file's time, which the holder renews, tells whether it lives.
"""

import fcntl
import os
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime, timezone
from pathlib import Path
from typing import IO, Literal

from pydantic import ValidationError

from components.boot import boot_id
from components.errors import TransferlineError
from components.room import full_disk
from components.settings import Settings

Taken = Literal["locked", "busy", "no locks"]
"""What became of asking for a lock; the last of a file system that has none."""

LOCK_FILE = "pipeline.lock"
SECONDS_TO_RENEW = 10.0
# Of machines whose clocks differ; renewed six times in it.
SECONDS_OF_A_LIVE_HOLDER = 60.0
SECONDS_TO_LOOK = 0.5
# Whoever only asks for the holder has the lock for a moment.
TRIES, SECONDS_TO_TRY = 20, 0.02


class Holder(Settings):
    """Who has the lock.

    Attributes:
        doing: "run", "clean" or "rollback".
        run_id: Of a run.
        process: Its number.
        host: The machine's name.
        boot: Identifies the running kernel, which containers of a machine share.
        since: When it began, in UTC.
    """

    doing: str
    run_id: str = ""
    process: int
    host: str
    boot: str
    since: str

    @property
    def of_this_boot(self) -> bool:
        """Whether it is, or was, a process of the kernel that runs now."""
        return self.boot == boot_id()

    def __str__(self) -> str:
        what = f"The run {self.run_id}" if self.run_id else f"A {self.doing}"
        where = "" if self.host == socket.gethostname() else f" on {self.host}"
        return f"{what} is at work since {self.since} (process {self.process}{where})"


class Lock:
    """The lock, while it is held.

    Args:
        file: Open, and locked.
        holder: Who holds it.
        waited: Whether somebody else had it before.

    Attributes:
        left: Who had it before and was ended before they could let go of it; None where nobody was.
    """

    def __init__(self, file: IO[bytes], holder: Holder, *, waited: bool) -> None:
        self.waited = waited
        self.left = _read(file)
        self._file = file
        self._holder = holder
        self._write(holder)

    def of_run(self, run_id: str) -> None:
        """Says which run holds it."""
        self._holder = self._holder.model_copy(update={"run_id": run_id})
        self._write(self._holder)

    def renew(self) -> None:
        """Shows that the holder lives."""
        os.utime(self._file.fileno())

    def _write(self, holder: Holder) -> None:
        content = holder.model_dump_json().encode()
        try:
            os.pwrite(self._file.fileno(), content, 0)
            os.ftruncate(self._file.fileno(), len(content))
        except OSError as error:
            if not full_disk(error):
                raise
            # The lock holds all the same, and `clean` must be able to make room: others are only told less.
            os.ftruncate(self._file.fileno(), 0)


@contextmanager
def held(home: str, doing: str, *, wait: bool = False, tell: Callable[[str], None] | None = None) -> Iterator[Lock]:
    """Holds the lock of a pipeline.

    Args:
        home: The pipeline's folder; it is made where there is none.
        doing: What for: "run", "clean" or "rollback".
        wait: Whether to wait for who has it.
        tell: Takes a sentence on who is waited for.

    Raises:
        TransferlineError: Somebody else has it, and isn't to be waited for.
        OSError: The folder can't be written to.
    """
    path = Path(home) / LOCK_FILE
    waited = False
    while (file := _taken(path)) is None:
        holder = holder_in(home)
        if not wait:
            raise _at_work(holder, path)
        if not waited and tell:
            tell(f"{holder or 'Another command'}: waiting for its end.")
        waited = True
        time.sleep(SECONDS_TO_LOOK)
    with file, _renewed(lock := Lock(file, _myself(doing), waited=waited)):
        try:
            yield lock
        finally:
            with suppress(OSError):  # of a full disk: a lock that is let go says the same
                os.ftruncate(file.fileno(), 0)


def holder_in(home: str) -> Holder | None:
    """Returns who holds the lock of a pipeline's folder; None where nobody does."""
    try:
        file = (Path(home) / LOCK_FILE).open("rb")
    except (FileNotFoundError, NotADirectoryError):
        return None
    with file:
        taken = _lock(file, fcntl.LOCK_SH)
        holder = _read(file)
        return holder if holder and (taken == "busy" or _shows_life(holder, file, taken)) else None


def left_in(home: str) -> Holder | None:
    """Returns who had the lock of a pipeline's folder last, if that was ended before it could let go of it."""
    try:
        with (Path(home) / LOCK_FILE).open("rb") as file:
            return _read(file)
    except OSError:
        return None


def refuse_held(home: str) -> None:
    """Refuses a folder in which somebody is at work.

    Raises:
        TransferlineError: Somebody is.
    """
    if holder := holder_in(home):
        raise _at_work(holder, Path(home) / LOCK_FILE)


def _taken(path: Path) -> IO[bytes] | None:
    """Returns the lock's file, locked; None where somebody else has it."""
    for _ in range(TRIES):
        path.parent.mkdir(parents=True, exist_ok=True)  # who had the lock may have removed it
        file = os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666), "r+b")
        taken = _lock(file, fcntl.LOCK_EX)
        if taken != "busy" and _is_file(file, path):
            holder = _read(file)
            if holder and _shows_life(holder, file, taken):
                file.close()
                return None
            return file
        file.close()
        time.sleep(SECONDS_TO_TRY)
    return None


def _lock(file: IO[bytes], kind: int) -> Taken:
    try:
        fcntl.flock(file, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return "busy"
    except OSError:
        return "no locks"
    return "locked"


def _is_file(file: IO[bytes], path: Path) -> bool:
    """Whether a file is still the one of a path: `clean` may have removed it meanwhile."""
    try:
        return os.path.samestat(os.fstat(file.fileno()), path.stat())
    except FileNotFoundError:
        return False


def _read(file: IO[bytes]) -> Holder | None:
    try:
        return Holder.model_validate_json(os.pread(file.fileno(), 1 << 16, 0))
    except ValidationError:  # nobody has it, or is only about to write
        return None


def _shows_life(holder: Holder, file: IO[bytes], taken: Taken) -> bool:
    """Whether a holder showed lately that it lives, where the lock itself doesn't tell: it does of this machine's."""
    if taken == "locked" and holder.of_this_boot:
        return False
    return abs(time.time() - os.fstat(file.fileno()).st_mtime) < SECONDS_OF_A_LIVE_HOLDER


@contextmanager
def _renewed(lock: Lock) -> Iterator[None]:
    ended = threading.Event()

    def renew() -> None:
        while not ended.wait(SECONDS_TO_RENEW):
            with suppress(OSError):  # of a volume that is away for a while
                lock.renew()

    thread = threading.Thread(target=renew, name="pipeline lock", daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def _at_work(holder: Holder | None, path: Path) -> TransferlineError:
    return TransferlineError(
        f"{holder or 'Another command is at work on this pipeline'}.",
        place=str(path),
        cure="Wait for its end, or have this command wait with --wait.",
    )


def _myself(doing: str) -> Holder:
    now = datetime.now(timezone.utc)
    return Holder(
        doing=doing,
        process=os.getpid(),
        host=socket.gethostname(),
        boot=boot_id(),
        since=f"{now:%Y-%m-%d %H:%M:%S} UTC",
    )
