"""Says where downloads and pretrained weights are kept between runs."""

import os
from pathlib import Path

from components.room import Folder

CACHE_VARIABLE = "TRANSFERLINE_CACHE"


def home_folder() -> Path:
    """Returns the user's home: "/" of one whom the system doesn't know, as containers have it."""
    try:
        return Path.home()
    except RuntimeError:
        return Path("/")


def cache_folder() -> Path:
    """Returns the user's cache folder: $TRANSFERLINE_CACHE, or `transferline` in $XDG_CACHE_HOME or ~/.cache."""
    chosen = os.environ.get(CACHE_VARIABLE)
    if chosen:
        return Path(os.path.expanduser(chosen))
    return Path(os.environ.get("XDG_CACHE_HOME") or home_folder() / ".cache") / "transferline"


def cache() -> Folder:
    """Returns the user's cache folder, with what to do where it can't be written to."""
    return Folder(cache_folder(), f"name another in the variable {CACHE_VARIABLE}")
