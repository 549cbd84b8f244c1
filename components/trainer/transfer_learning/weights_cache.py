"""The user's cache folder, in which a file is checked each time it is taken out."""

import hashlib
import logging
import os
import tempfile
from collections.abc import Callable
from pathlib import Path

from components.cache_folder import cache_folder

LOGGER = logging.getLogger(__name__)


def sha256_of(path: Path) -> str:
    """Returns the SHA-256 of a file as hex digits."""
    with path.open("rb") as file:
        digest = hashlib.sha256()
        for block in iter(lambda: file.read(1 << 20), b""):
            digest.update(block)
    return digest.hexdigest()


def cached(name: str) -> Path | None:
    """Returns the cached file of a name, or None where there is none.

    A file whose content no longer has the SHA-256 in its own name is deleted.

    Args:
        name: What `store` was told.
    """
    for path in sorted((cache_folder() / "weights").glob(f"{name}-*.h5")):
        if path.stem.removeprefix(f"{name}-") == sha256_of(path):
            return path
        LOGGER.warning("%s is damaged and will be fetched again", path)
        path.unlink(missing_ok=True)
    return None


def store(name: str, write: Callable[[Path], None]) -> Path:
    """Puts a file into the cache under its name and SHA-256.

    The SHA-256 is part of the file's name, so that one rename puts both in place: two runs at once, or one that is
    killed, leave no file with another's checksum.

    Args:
        name: Name without suffix.
        write: Writes the file, an .h5, to the path it is given; where it raises, nothing is left behind.

    Returns:
        The path of the file in the cache.

    Raises:
        OSError: The cache folder can't be written.
    """
    folder = cache_folder() / "weights"
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder) as scratch:
        path = Path(scratch) / "weights.h5"
        write(path)
        target = folder / f"{name}-{sha256_of(path)}.h5"
        os.replace(path, target)
    return target
