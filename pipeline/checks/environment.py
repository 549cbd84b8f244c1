"""What a run needs of this machine: Python, libraries, room and memory."""

import os
import platform
import shutil
import sys
from collections.abc import Iterator, Mapping
from importlib.metadata import distributions
from pathlib import Path

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from components.memory import ADDRESSES_NEEDED, address_limit, available_memory, bounds_in_words
from components.wording import listed
from pipeline.checks.finding import Finding, fault, ok, warning
from pipeline.config import SCHEMAS

LOCK = SCHEMAS.parent / "requirements.lock"
PYTHONS = ((3, 10), (3, 13))
"""The first and the last that the lock has libraries for."""

LIBRARIES = (
    "tfx",
    "tensorflow",
    "tf_keras",
    "tensorflow-transform",
    "tensorflow-model-analysis",
    "tensorflow-data-validation",
    "apache-beam",
    "ml-metadata",
    "kfp",
    "protobuf",
    "numpy",
    "pyarrow",
)
"""Those whose versions must fit together."""

INSTALL = "Run `make setup`, or install requirements.lock."
GLIBC_SINCE_PYTHON = {(3, 11): (2, 39)}
"""The C library that the wheels of TFX 1.21 need, which Python 3.11 and later get."""

GIB = 2**30
ROOM_NEEDED, ROOM_WISHED = 1 * GIB, 5 * GIB
MEMORY_NEEDED, MEMORY_WISHED = 1 * GIB, 4 * GIB


def check_python() -> Finding:
    """Looks at the version of Python."""
    version = platform.python_version()
    first, last = (".".join(map(str, each)) for each in PYTHONS)
    if PYTHONS[0] <= sys.version_info[:2] <= PYTHONS[1]:
        return ok("python", version)
    return fault("python", f"{version}; TFX has wheels for {first} to {last}.", "Use one of these: `make setup` does.")


def check_glibc() -> Finding:
    """Looks at the C library, which TFX's wheels are compiled against."""
    name, version = platform.libc_ver()
    if name != "glibc":
        return fault(
            "glibc",
            f"It is not glibc, but {name or 'another C library'}.",
            "Use a Linux with glibc, as TFX's wheels do.",
        )
    needed = next((glibc for python, glibc in GLIBC_SINCE_PYTHON.items() if sys.version_info[:2] >= python), (0, 0))
    if tuple(map(int, version.split("."))) < needed:
        text = f"{version}; the wheels of TFX for this Python need {needed[0]}.{needed[1]}."
        return fault("glibc", text, "Run `make setup PYTHON=3.10`, or use a newer Linux.")
    return ok("glibc", version)


def installed_versions() -> dict[str, str]:
    """Returns the version of every installed distribution, by its normalised name."""
    found: dict[str, str] = {}
    for distribution in distributions():
        found.setdefault(canonicalize_name(distribution.metadata["Name"] or ""), distribution.version)
    return found


def locked_versions(lock: Path) -> dict[str, str]:
    r"""Returns the versions that a lock has for this Python, by normalised name; none where there is no lock.

    Args:
        lock: A file as `uv pip compile` writes it: `name==version ; marker \`, with hashes in the lines below.
    """
    lines = lock.read_text(encoding="utf-8").splitlines() if lock.is_file() else []
    found: dict[str, str] = {}
    for line in lines:
        try:
            requirement = Requirement(line.rstrip("\\ "))
        except InvalidRequirement:  # a hash, a comment
            continue
        if requirement.marker is None or requirement.marker.evaluate():
            found[canonicalize_name(requirement.name)] = str(requirement.specifier).removeprefix("==")
    return found


def check_library(name: str, installed: Mapping[str, str], locked: Mapping[str, str]) -> Finding:
    """Looks at one of the libraries whose versions must fit together."""
    version, wanted = installed.get(canonicalize_name(name)), locked.get(canonicalize_name(name))
    if version is None:
        return fault(name, "It isn't installed.", INSTALL)
    if wanted and version != wanted:
        return fault(name, f"{version}, and requirements.lock has {wanted}.", INSTALL)
    return ok(name, version)


def check_others(installed: Mapping[str, str], locked: Mapping[str, str]) -> Iterator[Finding]:
    """Looks at all that the lock has beside those; a wheel has no lock."""
    if not locked:
        text = "There is no lock here: versions weren't compared."
        yield warning("libraries", text, "`make setup` in a checkout installs versions that are tested together.")
        return
    known = set(map(canonicalize_name, LIBRARIES))
    others = {name: version for name, version in sorted(locked.items()) if name not in known}
    missing = [name for name in others if name not in installed]
    differing = [
        f"{name} {installed[name]} for {version}"
        for name, version in others.items()
        if name in installed and installed[name] != version
    ]
    if missing:
        yield warning("libraries", f"{len(missing)} of requirements.lock aren't installed: {listed(missing)}.", INSTALL)
    if differing:
        yield warning("libraries", f"{len(differing)} aren't as in requirements.lock: {listed(differing)}.", INSTALL)
    if others and not missing and not differing:
        yield ok("libraries", f"{len(others)} more, all as in requirements.lock")


def check_room(output_dir: str, needed: int = 0) -> Finding:
    """Looks at the disk that results go to.

    Args:
        output_dir: The folder; it need not be there yet.
        needed: About how many bytes a run takes; 0 where that isn't known.
    """
    if "://" in output_dir:
        return warning(
            "disk", f"{output_dir} wasn't looked at: it is remote.", "A run here needs a local --output-dir."
        )
    folder = Path(output_dir).absolute()
    while not folder.exists():
        folder = folder.parent
    if not folder.is_dir() or not os.access(folder, os.W_OK | os.X_OK):
        return fault("disk", f"{folder} can't be written to.", "Give another folder with --output-dir.")
    free = shutil.disk_usage(folder).free
    text = f"{free / GIB:,.1f} GiB free at {output_dir}"
    if free < needed:
        text = f"{text}, and a run of this data takes about {needed / GIB:,.1f} GiB"
    if free < max(needed, ROOM_NEEDED):
        return fault("disk", f"{text}.", "Make room (`transferline clean`), or give another folder with --output-dir.")
    if free < ROOM_WISHED:
        return warning("disk", f"{text}.", "Make room (`transferline clean`): examples and models take some.")
    return ok("disk", text)


def check_memory() -> Finding:
    """Looks at the memory that isn't in use."""
    free = available_memory()
    if free is None:
        return warning(
            "memory", "This system doesn't say how much is free.", f"Make sure of {MEMORY_WISHED // GIB} GiB for a run."
        )
    bounds = bounds_in_words()
    text = f"{free / GIB:,.1f} GiB free{f'; {bounds}' if bounds else ''}"
    addresses = address_limit()
    if addresses is not None and addresses < ADDRESSES_NEEDED:
        needed = f"a run takes {ADDRESSES_NEEDED / GIB:g} GiB of them, most of which it never writes to"
        return fault("memory", f"{text}; {needed}.", "Lift it with `ulimit -v unlimited`.")
    if free < MEMORY_NEEDED:
        return fault("memory", f"{text}.", "End other programs, or use a larger machine or container.")
    if free < MEMORY_WISHED:
        return warning("memory", f"{text}.", "End other programs, or lower trainer.batch_size.")
    return ok("memory", text)


def check_cores() -> Finding:
    """Looks at the processor cores that this process may use."""
    return ok("cores", str(len(os.sched_getaffinity(0))))


def check_pip() -> Finding:
    """Looks for pip, which the tfx command calls by its name."""
    if shutil.which("pip"):
        return ok("pip", "On PATH")
    return warning("pip", "It isn't on PATH, and the tfx command calls it.", "Run `source .venv/bin/activate`.")
