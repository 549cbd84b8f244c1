"""How much memory this process may have, what bounds it, and whether the system ended processes for want of it.

A control group's files are read where this process's own group is, and in every group above that: each bounds it. Of
version 1 and version 2, whichever has the memory; in a container the hierarchy often begins at its own group.
"""

import errno
import re
import resource
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from rich.filesize import decimal

from components.errors import TransferlineError, errors_of

NO_LIMIT = 2**60
"""Version 1 has no word for "no limit", but a number near the largest."""

ADDRESSES_NEEDED = 7 * 2**29
"""What `ulimit -v` counts: a small run of `digits` on 2 cores took 3.2 GiB, of which it used 1.1. With less TensorFlow
crashes, or waits for ever for threads that couldn't be started."""

SAID = re.compile(
    r"[Cc]annot allocate memory|[Uu]nable to allocate|bad_alloc|[Oo]ut of memory|OOM when allocating|\bMemoryError\b"
)


class Files(NamedTuple):
    """The names that a version of control groups has for the same things.

    Attributes:
        limit: Bytes that may be used, or "max".
        used: Bytes that are in use.
        cache: The line of `memory.stat` with the bytes that are given back as soon as they are needed.
        events: The file with the line `oom_kill N`: how many processes were ended for want of memory.
    """

    limit: str
    used: str
    cache: str
    events: str


FIRST = Files("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file", "memory.oom_control")
SECOND = Files("memory.max", "memory.current", "inactive_file", "memory.events")


class Group(NamedTuple):
    """A control group with a limit of its own.

    Attributes:
        folder: Where its files are.
        limit: Bytes.
        used: Bytes that can't be given back.
    """

    folder: Path
    limit: int
    used: int

    def __str__(self) -> str:
        return f"its control group may use {decimal(self.limit)} ({self.folder})"


def available_memory(proc: Path = Path("/proc")) -> int | None:
    """Returns the bytes that may still be taken, by the system and by the control groups; None if neither tells."""
    return min([*_system_memory(proc), *(each.limit - each.used for each in groups(proc))], default=None)


def groups(proc: Path = Path("/proc")) -> list[Group]:
    """Returns the control groups that bound this process's memory: its own and those above it, the tightest first."""
    found = [group for folder, files in _folders(proc) for group in _group(folder, files)]
    return sorted(found, key=lambda group: group.limit)


def ended_for_memory(proc: Path = Path("/proc")) -> int | None:
    """Returns how many processes the system ended for want of memory, in this process's own group where that tells.

    None where the system doesn't count them.
    """
    for folder, files in _folders(proc):
        if (count := _line(folder / files.events, "oom_kill")) is not None:
            return count
    return _line(proc / "vmstat", "oom_kill")


def address_limit() -> int | None:
    """Returns how many bytes of addresses a process may have (`ulimit -v`); None where nothing bounds it."""
    limit, _ = resource.getrlimit(resource.RLIMIT_AS)
    return None if limit == resource.RLIM_INFINITY else limit


def bounds_in_words(proc: Path = Path("/proc")) -> str:
    """Returns what bounds the memory of this process, as a clause; "" where nothing but the machine does."""
    addresses = address_limit()
    found = [str(group) for group in groups(proc)[:1]]
    if addresses is not None:
        found.append(f"`ulimit -v` allows a process {decimal(addresses)} of addresses")
    return ", and ".join(found)


def no_memory(what: str, proc: Path = Path("/proc")) -> TransferlineError:
    """Returns the error for people of something that there was not enough memory for.

    Args:
        what: What befell, as a clause.
        proc: Where the system tells of itself.
    """
    bounds = bounds_in_words(proc)
    return TransferlineError(
        f"There was not enough memory: {what}{f'; {bounds}' if bounds else ''}.",
        cure="Give it more memory, or have it use less, as with a smaller trainer.batch_size or fewer workers.",
    )


def says_memory(text: str) -> bool:
    """Whether a text tells that there was no memory, in the words of the system or of a library."""
    return SAID.search(text) is not None


def is_memory(error: BaseException) -> bool:
    """Whether an error, or what it came of, is that there was no memory."""
    return any(
        isinstance(each, MemoryError)
        or (isinstance(each, OSError) and each.errno == errno.ENOMEM)
        or says_memory(str(each))
        for each in errors_of(error)
    )


def _system_memory(proc: Path) -> Iterator[int]:
    available = _line(proc / "meminfo", "MemAvailable:")
    if available is not None:
        yield available * 1024


def _group(folder: Path, files: Files) -> Iterator[Group]:
    limit, used = _bytes(folder / files.limit), _bytes(folder / files.used)
    if limit is not None and used is not None and limit < NO_LIMIT:
        yield Group(folder, limit, used - (_line(folder / "memory.stat", files.cache) or 0))


def _folders(proc: Path) -> Iterator[tuple[Path, Files]]:
    """This process's own group and those above it, by the version of control groups that has the memory."""
    for version, path in _paths(_text(proc / "self" / "cgroup").splitlines()):
        for root, mounted in _mounts(_text(proc / "self" / "mountinfo").splitlines(), version):
            inside = Path(path).relative_to(root) if Path(path).is_relative_to(root) else Path()
            folder = mounted / inside
            while folder.is_relative_to(mounted):
                yield folder, version
                folder = folder.parent


def _paths(lines: Sequence[str]) -> Iterator[tuple[Files, str]]:
    """From `4:memory:/path` of version 1 and `0::/path` of version 2."""
    for line in lines:
        number, controllers, path = line.split(":", 2)
        if "memory" in controllers.split(","):
            yield FIRST, path
        elif number == "0" and not controllers:
            yield SECOND, path


def _mounts(lines: Sequence[str], version: Files) -> Iterator[tuple[str, Path]]:
    """Which group of a hierarchy is mounted, and where: `36 25 0:31 /group /mounted options - kind source options`."""
    for line in lines:
        before, _, after = line.partition(" - ")
        kind, _, rest = after.partition(" ")
        options = rest.rpartition(" ")[2]  # the last word, since a source may be empty
        if (version is SECOND and kind == "cgroup2") or (
            version is FIRST and kind == "cgroup" and "memory" in options.split(",")
        ):
            root, mounted = before.split()[3:5]
            yield root, Path(mounted)


def _bytes(file: Path) -> int | None:
    """The number that a file holds; None where there is none, or the word for no limit."""
    text = _text(file).strip()
    return int(text) if text.isdecimal() else None


def _line(file: Path, name: str) -> int | None:
    """The number behind a name in a file with one on each line; None where there is none."""
    for line in _text(file).splitlines():
        first, *values = line.split() or [""]
        if first == name and values:
            return int(values[0])
    return None


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="ascii", errors="replace")
    except OSError:
        return ""
