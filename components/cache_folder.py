"""Says where downloads and pretrained weights are kept between runs."""

import os
from pathlib import Path

CACHE_VARIABLE = "TRANSFERLINE_CACHE"


def cache_folder() -> Path:
    """Returns the user's cache folder: $TRANSFERLINE_CACHE, or `transferline` in $XDG_CACHE_HOME or ~/.cache."""
    chosen = os.environ.get(CACHE_VARIABLE)
    if chosen:
        return Path(chosen).expanduser()
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "transferline"
