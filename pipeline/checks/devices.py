"""Which devices TensorFlow sees, and why it doesn't see one that is there."""

import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

from components.settings import Settings
from components.trainer.tpu_environment import LOCAL, named_tpu, tpu_variables
from pipeline.checks.environment import installed_versions
from pipeline.checks.finding import Finding, ok, warning

SUBJECT = "devices"
SECONDS = 120
"""TensorFlow takes a few to start, and more where the disk is slow."""

LIBRARY_PATH = "LD_LIBRARY_PATH"
KINDS = ("CPU", "GPU", "TPU")

# In a process of its own: to import TensorFlow takes seconds, and once it has looked it holds the devices.
PROGRAM = """
import json
import tensorflow as tf
found = tf.config.list_physical_devices()
details = {each: tf.config.experimental.get_device_details(each) for each in found if each.device_type == "GPU"}
print(json.dumps({
    "kinds": [each.device_type for each in found],
    "names": sorted({str(each.get("device_name", "")) for each in details.values()} - {""}),
    "cuda": bool(tf.sysconfig.get_build_info()["is_cuda_build"]),
}))
"""


class Seen(Settings):
    """What TensorFlow says.

    Attributes:
        kinds: The kind of each device: "CPU", "GPU", "TPU".
        names: Of the GPUs.
        cuda: Whether it is built for NVIDIA's GPUs.
    """

    kinds: tuple[str, ...]
    names: tuple[str, ...] = ()
    cuda: bool = True


class Here(Settings):
    """What this machine says.

    Attributes:
        gpus: NVIDIA's GPUs, as far as its driver shows them.
        libraries: Folders of NVIDIA's libraries that were installed as Python packages.
        environment: The environment's variables.
    """

    gpus: int
    libraries: tuple[str, ...]
    environment: dict[str, str]

    @property
    def lacking(self) -> tuple[str, ...]:
        """The folders where no program looks for a library."""
        searched = self.environment.get(LIBRARY_PATH, "").split(os.pathsep)
        return tuple(folder for folder in self.libraries if folder not in searched)


def check_devices() -> list[Finding]:
    """Asks TensorFlow, which takes some seconds."""
    try:
        done = subprocess.run(
            [sys.executable, "-c", PROGRAM], capture_output=True, text=True, timeout=SECONDS, check=False
        )
        seen = Seen.model_validate_json(done.stdout.strip().splitlines()[-1])
    except (subprocess.TimeoutExpired, ValueError, IndexError):
        text = "TensorFlow doesn't say which devices it sees."
        return [warning(SUBJECT, text, "Run `python -c 'import tensorflow'` to see why.")]
    return list(judged(seen, here()))


def here() -> Here:
    """Looks at this machine."""
    return Here(
        gpus=len(list(Path("/dev").glob("nvidia[0-9]*"))),
        libraries=tuple(map(str, _nvidia_folders())),
        environment=dict(os.environ),
    )


def judged(seen: Seen, here: Here) -> Iterator[Finding]:
    """Compares what TensorFlow sees with what is here."""
    counts = Counter(seen.kinds)
    names = f" ({', '.join(seen.names)})" if seen.names else ""
    found = [f"{counts[kind]} {kind}{names if kind == 'GPU' else ''}" for kind in KINDS if counts[kind]]
    yield ok(SUBJECT, f"TensorFlow sees {', '.join(found)}")
    if here.gpus and not counts["GPU"]:
        yield _unseen_gpu(seen, here)
    yield from _tpu(here.environment, counts["TPU"])


def _unseen_gpu(seen: Seen, here: Here) -> Finding:
    of_nvidia = "There is a GPU of NVIDIA's here, which TensorFlow doesn't see"
    install = f"Run `pip install 'tensorflow[and-cuda]=={_version()}'`."
    if here.environment.get("CUDA_VISIBLE_DEVICES") in ("", "-1"):
        return warning(SUBJECT, f"{of_nvidia}: CUDA_VISIBLE_DEVICES hides it.", "Unset CUDA_VISIBLE_DEVICES.")
    if not seen.cuda:
        return warning(SUBJECT, f"{of_nvidia}: it is built without CUDA.", install)
    if not here.libraries:
        return warning(SUBJECT, f"{of_nvidia}: CUDA's libraries aren't installed beside it.", install)
    if here.lacking:
        # tensorflow/tensorflow#63362: releases from 2.16 on may not find them by themselves.
        path = os.pathsep.join((*here.libraries, f"${LIBRARY_PATH}"))
        text = f"{of_nvidia}: it may not find CUDA's libraries, which {LIBRARY_PATH} doesn't name (tensorflow#63362)."
        return warning(SUBJECT, text, f'export {LIBRARY_PATH}="{path}"')
    return warning(SUBJECT, f"{of_nvidia}.", "Run `nvidia-smi`: the driver may be older than CUDA's libraries.")


def _tpu(environment: Mapping[str, str], seen: int) -> Iterator[Finding]:
    variables = tpu_variables(environment)
    says = ", ".join(f"{name}={value}" for name, value in variables.items())
    try:
        named = named_tpu(environment)
    except ValueError as error:
        yield warning(SUBJECT, f"{says} names no TPU: {error}.", "Correct the variable, or unset it.")
        return
    if named is None:
        return
    if named.tpu != LOCAL:
        yield ok(SUBJECT, f"{says} names a TPU of another machine, which isn't asked")
    elif not seen:
        text = f"{says} looks like a TPU of this machine, and TensorFlow sees none."
        cure = "Install tensorflow-tpu of TensorFlow's version, or unset it where there is no TPU."
        yield warning(SUBJECT, text, cure)


def _nvidia_folders() -> Iterator[Path]:
    """The folders of the libraries that `tensorflow[and-cuda]` installs."""
    try:
        site = Path(str(distribution("tensorflow").locate_file("")))
    except PackageNotFoundError:
        return
    yield from sorted(folder for folder in site.glob("nvidia/*/lib") if folder.is_dir())


def _version() -> str:
    return installed_versions().get("tensorflow", "VERSION")
