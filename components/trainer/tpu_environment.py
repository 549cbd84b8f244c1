"""Reads of the environment which TPU there is. Imports no TensorFlow: `transferline doctor` asks, too."""

import json
from collections.abc import Mapping
from dataclasses import dataclass

LOCAL, ADDRESS = "local", "grpc://"

TPU_VARIABLES = (
    "KUBE_GOOGLE_CLOUD_TPU_ENDPOINTS",
    "TPU_NAME",
    "TPU_CONFIG",
    "COLAB_TPU_ADDR",
    "TPU_WORKER_ID",
    "TPU_ACCELERATOR_TYPE",
)
"""What names a TPU: set by GKE for TPU nodes, by the user, by Google's training services, by Colab, and the last two by
a TPU VM. The first that is set holds, in TensorFlow's order: what was named before what a machine says of itself."""

PROJECT, ZONE = ("GOOGLE_CLOUD_PROJECT", "CLOUDSDK_CORE_PROJECT"), ("TPU_ZONE", "CLOUDSDK_COMPUTE_ZONE")
"""Where the TPU of a name is; without them TensorFlow asks the metadata server that a machine of Google's has."""


@dataclass(frozen=True)
class NamedTPU:
    """What the environment says of a TPU, as TensorFlow's TPUClusterResolver takes it.

    Attributes:
        tpu: "local", addresses (grpc://HOST:PORT, with commas between), or the name that Google's API knows it by.
        project: The project of a name; None where it isn't said.
        zone: Its zone.
    """

    tpu: str
    project: str | None = None
    zone: str | None = None


def named_tpu(environment: Mapping[str, str]) -> NamedTPU | None:
    """Returns the TPU that the environment names; None where it names none.

    Raises:
        ValueError: TPU_CONFIG isn't what it should be.
    """
    variable, value = next(iter(tpu_variables(environment).items()), ("", ""))
    match variable:
        case "":
            return None
        case "KUBE_GOOGLE_CLOUD_TPU_ENDPOINTS" | "COLAB_TPU_ADDR":
            return NamedTPU(_addresses(value))
        case "TPU_NAME" if value != LOCAL and not value.startswith(ADDRESS):
            return NamedTPU(value, _first(environment, PROJECT), _first(environment, ZONE))
        case "TPU_NAME":
            return NamedTPU(value)
        case "TPU_CONFIG":
            return _of_config(value)
        case _:
            return NamedTPU(LOCAL)


def tpu_variables(environment: Mapping[str, str]) -> dict[str, str]:
    """Returns the variables of a TPU that are set, the one that holds first."""
    return {name: environment[name] for name in TPU_VARIABLES if environment.get(name)}


def _addresses(text: str) -> str:
    hosts = [each.strip().removeprefix(ADDRESS) for each in text.split(",")]
    return ",".join(f"{ADDRESS}{host}" for host in hosts if host)


def _of_config(text: str) -> NamedTPU:
    """As Google's services for training write it: {"tpu_node_name": ..., "project": ..., "zone": ...}."""
    config = json.loads(text)
    if not isinstance(config, Mapping) or not config.get("tpu_node_name"):
        raise ValueError("TPU_CONFIG has no tpu_node_name")
    return NamedTPU(str(config["tpu_node_name"]), config.get("project"), config.get("zone"))


def _first(environment: Mapping[str, str], names: tuple[str, ...]) -> str | None:
    return next((environment[name] for name in names if environment.get(name)), None)
