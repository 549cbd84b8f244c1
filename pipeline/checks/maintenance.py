"""Checks whether Python and the libraries that come with it still get fixes, and have those that matter."""

import io
import platform
import sys
import tarfile
import zipfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date

from packaging.version import Version

from pipeline.checks.finding import Finding, ok, warning

END_OF_LIFE = {
    (3, 10): date(2026, 10, 31),
    (3, 11): date(2027, 10, 31),
    (3, 12): date(2028, 10, 31),
    (3, 13): date(2029, 10, 31),
}
"""The last day of each Python, by https://devguide.python.org/versions; it names the month."""

LAST_UNMAINTAINED = {"tfx": Version("1.16"), "tensorflow": Version("2.16")}
"""Lines of releases that get no more fixes; TensorFlow fixes its newest release only."""

NEWER = (
    "Run `make setup PYTHON=3.12` on a Linux with glibc 2.39 or newer (Debian 13, Ubuntu 24.04), "
    "or use the image of `make image`."
)


@dataclass(frozen=True)
class Hole:
    """A hole of Python's library that a file can use which somebody gives to this project.

    Attributes:
        advisory: Its number.
        effect: What such a file does.
        fixed_in: The first release of each Python without it.
        is_open: Tries it on this Python. The number of a release doesn't tell: Debian's 3.13.5 has the fix of 3.13.6.
    """

    advisory: str
    effect: str
    fixed_in: Mapping[tuple[int, int], str]
    is_open: Callable[[], bool]


def takes_negative_sizes() -> bool:
    """Returns whether tarfile goes on after a member of negative size, which leads it back to where it was."""
    member = tarfile.TarInfo()
    member.size = -tarfile.BLOCKSIZE
    try:
        tarfile.open(fileobj=io.BytesIO(member.tobuf(tarfile.GNU_FORMAT)), mode="r:").close()
    except tarfile.ReadError:
        return False
    return True


def takes_overlapping_members() -> bool:
    """Returns whether zipfile opens a member that reaches into the next one."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("one", "")
        archive.writestr("two", "")
        one = archive.getinfo("one")
        one.compress_size = one.file_size = len(one.FileHeader())
    with zipfile.ZipFile(file) as archive:
        try:
            archive.open("one").close()
        except zipfile.BadZipFile:
            return False
    return True


HOLES = (
    Hole(
        advisory="CVE-2025-8194",
        effect="a .tar of 104 bytes is read for ever",
        fixed_in={(3, 10): "3.10.19", (3, 11): "3.11.14", (3, 12): "3.12.12", (3, 13): "3.13.6"},
        is_open=takes_negative_sizes,
    ),
    Hole(
        advisory="CVE-2024-0450",
        effect="a .zip of half a megabyte unpacks to a terabyte",
        fixed_in={(3, 10): "3.10.14", (3, 11): "3.11.8", (3, 12): "3.12.2", (3, 13): "3.13.0"},
        is_open=takes_overlapping_members,
    ),
)
"""By the records of the Python Software Foundation at https://www.cve.org and python/cpython#109858."""


def check_end_of_life(today: date) -> Finding:
    """Looks whether this Python still gets fixes."""
    this = sys.version_info[:2]
    name = f"Python {this[0]}.{this[1]}"
    last = END_OF_LIFE.get(this)
    if last is None or today <= last:
        return ok("end of life", f"{name} gets fixes" + (f" until {last:%B %Y}" if last else ""))
    return warning("end of life", f"{name} has had no fixes since {last:%B %Y}.", NEWER)


def check_maintained(installed: Mapping[str, str]) -> Iterator[Finding]:
    """Looks for libraries of lines that get no more fixes.

    Args:
        installed: Versions by normalised name.
    """
    for name, last in LAST_UNMAINTAINED.items():
        if name in installed and Version(installed[name]).release[:2] <= last.release:
            yield warning("end of life", f"{name} {installed[name]} is of a line that gets no more fixes.", NEWER)


def check_holes() -> Iterator[Finding]:
    """Looks for known holes of this Python."""
    version, this = platform.python_version(), sys.version_info[:2]
    found = [hole for hole in HOLES if hole.is_open()]
    for hole in found:
        cure = f"Get Python {hole.fixed_in[this]} or later, or your system's update of it; then `make clean setup`."
        yield warning("python", f"{version} has {hole.advisory}: {hole.effect}.", cure)
    if not found:
        yield ok("python", f"{version} has none of the holes that are looked for")
