"""Keeps weights in the user's cache folder, and checks each file when it is taken out."""

import hashlib
import logging
import os
import tempfile
from collections.abc import Callable
from pathlib import Path

from components.cache_folder import cache_folder

LOGGER = logging.getLogger(__name__)

KERAS_ADDRESS = "https://storage.googleapis.com/tensorflow/keras-applications/mobilenet_v2/"
KERAS_SIZES = (96, 128, 160, 192, 224)
KERAS_BYTES = 9_406_464
"""Size of each of Keras's five files. Keras publishes no checksum for them; ours is taken when one arrives."""

HUB_NAME = "mobilenet_v2_1.0_224_hub"


def keras_size(image_size: int) -> int:
    """Returns the input size of the Keras weights that serve an image size: the same where there is one, else 224."""
    return image_size if image_size in KERAS_SIZES else KERAS_SIZES[-1]


def keras_file(image_size: int) -> str:
    """Returns the name of the file that `keras.applications.MobileNetV2` downloads for an image size."""
    return f"mobilenet_v2_weights_tf_dim_ordering_tf_kernels_1.0_{keras_size(image_size)}_no_top.h5"


def kept_by_keras(image_size: int) -> Path:
    """Returns where Keras keeps that file once it has downloaded it."""
    return Path.home() / ".keras" / "models" / keras_file(image_size)


def cache_names(image_size: int) -> dict[str, str]:
    """Returns the names of the ImageNet weights for an image size, by where they come from, the best first."""
    return {"keras": f"mobilenet_v2_1.0_{keras_size(image_size)}_keras", "package index": HUB_NAME}


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
