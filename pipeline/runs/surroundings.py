"""Says what a run ran on, and which commit of its author's code: a record keeps it, since neither stays."""

import os
import platform
import subprocess
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from pipeline.source_fingerprint import LIBRARIES

SECONDS_FOR_GIT = 10
SHOWN_DIGITS = 12


def versions() -> dict[str, str]:
    """Returns what this runs on: the machine, and the releases of what computes."""
    machine = f"{platform.system()} {platform.machine()}, {os.cpu_count()} processors"
    found = {"machine": machine, "python": platform.python_version()}
    for name in ("transferline", *LIBRARIES):
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = "not installed as a distribution"
    return found


def commit_of(file: str) -> str:
    """Returns the commit of the repository that a file is in, and what has changed since.

    Args:
        file: A catalog file; "" for none.

    Returns:
        Such as "1a2b3c4d5e6f", "1a2b3c4d5e6f, and 2 files changed since" or "1a2b3c4d5e6f, and pets.py isn't in it"; ""
        where there is no file, no repository, no commit or no git.
    """
    folder, name = os.path.split(file)
    commit = _git(folder, "rev-parse", "--verify", "HEAD") if file else ""
    if not commit:
        return ""
    if not _git(folder, "ls-files", "--", name):
        return f"{commit[:SHOWN_DIGITS]}, and {name} isn't in it"
    changed = len(_git(folder, "status", "--porcelain", "--untracked-files=no").splitlines())
    return commit[:SHOWN_DIGITS] + (f", and {changed:,} file{'s' * (changed > 1)} changed since" if changed else "")


def _git(folder: str, *arguments: str) -> str:
    """What git says of a folder; "" where it says nothing, or doesn't answer."""
    try:
        # It neither writes to the repository nor runs what its settings name to watch files.
        command = ["git", "--no-optional-locks", "-c", "core.fsmonitor=false", "-C", str(Path(folder)), *arguments]
        said = subprocess.run(command, capture_output=True, timeout=SECONDS_FOR_GIT, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return said.stdout.decode(errors="replace").strip() if said.returncode == 0 else ""
