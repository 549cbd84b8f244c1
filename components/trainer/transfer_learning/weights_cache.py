"""Keeps weights in the user's cache folder, and checks each file when it is taken out."""

import hashlib
import logging
import os
from collections.abc import Callable
from pathlib import Path

from components.cache_folder import cache_folder, home_folder
from components.partial import partial_folder
from components.trainer.transfer_learning.bases import Base

LOGGER = logging.getLogger(__name__)

HUB_NAME = "mobilenet_v2_1.0_224_hub"


def kept_by_keras(base: Base, image_size: int) -> Path:
    """Returns where Keras keeps its file of ImageNet weights once it has downloaded it."""
    return home_folder() / ".keras" / "models" / base.weights.file(image_size)


def is_whole(path: Path, base: Base) -> bool:
    """Tells whether a file is the one that Keras publishes, as far as that says what it is."""
    size, (algorithm, _, digest) = base.weights.size, base.weights.checksum.partition(":")
    if not path.is_file() or (size is not None and path.stat().st_size != size):
        return False
    return not digest or digest_of(path, algorithm) == digest


def cache_names(base: Base, image_size: int) -> dict[str, str]:
    """Returns the names of a base's ImageNet weights for an image size, by where they come from, the best first."""
    names = {"keras": base.weights.name(image_size)}
    if base.in_package_index:
        names["package index"] = HUB_NAME
    return names


def sha256_of(path: Path) -> str:
    """Returns the SHA-256 of a file as hex digits."""
    return digest_of(path, "sha256")


def digest_of(path: Path, algorithm: str) -> str:
    """Returns the checksum of a file by an algorithm of hashlib, as hex digits."""
    with path.open("rb") as file:
        digest = hashlib.new(algorithm, usedforsecurity=False)
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
    with partial_folder(folder) as scratch:
        path = scratch / "weights.h5"
        write(path)
        target = folder / f"{name}-{sha256_of(path)}.h5"
        os.replace(path, target)
    return target
