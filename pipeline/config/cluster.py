"""Defines what the steps of a pipeline need of a cluster."""

import math
from collections import Counter
from collections.abc import Iterator
from typing import Annotated, Literal, TypeAlias

from pydantic import Field, model_validator

from components.settings import Settings

# What Kubernetes itself demands of names; a volume has a stricter one than a secret.
Name: TypeAlias = Annotated[str, Field(pattern=r"^[a-z0-9]([-.a-z0-9]{0,251}[a-z0-9])?$")]
VolumeName: TypeAlias = Annotated[str, Field(pattern=r"^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$")]
Variable: TypeAlias = Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")]
SecretKey: TypeAlias = Annotated[str, Field(pattern=r"^[-._A-Za-z0-9]{1,253}$")]
LabelKey: TypeAlias = Annotated[
    str, Field(pattern=r"^([a-z0-9.-]{1,253}/)?[A-Za-z0-9]([-._A-Za-z0-9]{0,61}[A-Za-z0-9])?$")
]
LabelValue: TypeAlias = Annotated[str, Field(pattern=r"^([A-Za-z0-9]([-._A-Za-z0-9]{0,61}[A-Za-z0-9])?)?$")]
# Every part has more to it than dots.
Folder: TypeAlias = Annotated[str, Field(pattern=r"^(/\.*[A-Za-z0-9_-][A-Za-z0-9_.-]*)+$")]


TPU_CHIPS = "google.com/tpu"
"""What Google Kubernetes Engine calls the chips of a node, as Kubernetes counts them."""

CHIPS_OF_A_NODE = {2: 8, 3: 4}
"""At most, by how many numbers the topology has: three are of v4 and v5p, two of v5e and v6e. A larger one is several
nodes, each with a pod of its own, and a step is one pod."""


class TPU(Settings):
    """The TPU slice of a node pool of Google Kubernetes Engine, all on one node.

    Args:
        accelerator: Its kind, as the node's label says it: "tpu-v5-lite-podslice".
        topology: How its chips are arranged: "2x4".
    """

    accelerator: LabelValue
    topology: Annotated[str, Field(pattern=r"^[1-9]\d?(x[1-9]\d?){1,2}$")]

    @property
    def chips(self) -> int:
        """The chips of the slice: a pod must take all of its node."""
        return math.prod(map(int, self.topology.split("x")))

    @property
    def node_selector(self) -> dict[str, str]:
        """The labels of its nodes."""
        return {
            "cloud.google.com/gke-tpu-accelerator": self.accelerator,
            "cloud.google.com/gke-tpu-topology": self.topology,
        }

    @model_validator(mode="after")
    def _is_one_node(self) -> "TPU":
        if not self.accelerator:
            raise ValueError("accelerator: a TPU has a kind, such as tpu-v5-lite-podslice")
        if self.chips > CHIPS_OF_A_NODE[1 + self.topology.count("x")]:
            raise ValueError(
                f"topology: {self.topology} is {self.chips} chips, which no single node has, and a step is one pod"
            )
        return self


class Resources(Settings):
    """The machine of one step.

    Args:
        cpus: CPU cores; None for the cluster's own default.
        memory_gb: Memory in GB; None for the cluster's own default.
        accelerator: Type of the GPU or TPU, as the cluster names it: "nvidia.com/gpu" on Kubeflow,
            "NVIDIA_TESLA_T4" or "TPU_V3" on Vertex; "" for none.
        accelerators: How many of them.
        tpu: The TPU slice on Google Kubernetes Engine; Kubeflow only.
    """

    cpus: float | None = Field(default=None, gt=0)
    memory_gb: float | None = Field(default=None, gt=0)
    accelerator: str = ""
    accelerators: int = Field(default=1, ge=1)
    tpu: TPU | None = None

    @model_validator(mode="after")
    def _has_one_kind_of_accelerator(self) -> "Resources":
        if self.tpu and self.accelerator:
            raise ValueError(f"tpu: the step has {self.accelerator} already; leave out one of the two")
        return self


class SecretValue(Settings):
    """One value of a secret.

    Args:
        name: The secret's name.
        key: Which of its values.
    """

    name: Name
    key: SecretKey


class Toleration(Settings):
    """A taint of nodes that a pod may run in spite of.

    Args:
        key: The taint's key; "" for every taint.
        value: The taint's value; None for any.
        effect: "NoSchedule", "PreferNoSchedule" or "NoExecute"; "" for all of them.
        seconds: How long the pod stays once a node gets the taint, with the effect "NoExecute"; None for ever.
    """

    key: LabelKey | Literal[""] = ""
    value: LabelValue | None = None
    effect: Literal["", "NoSchedule", "PreferNoSchedule", "NoExecute"] = ""
    seconds: int | None = Field(default=None, ge=0)

    @model_validator(mode="after")
    def _is_one_that_kubernetes_takes(self) -> "Toleration":
        if not self.key and self.value is not None:
            raise ValueError("value has no use without a key")
        if self.seconds is not None and self.effect != "NoExecute":
            raise ValueError("seconds have a use with the effect 'NoExecute' only")
        return self


class Scratch(Settings):
    """An empty folder that lives as long as its pod.

    Args:
        size_gb: How much may be written to it, in GB; None for what the node has.
        in_memory: Whether it is memory, which counts as the step's, and not a disk.
    """

    size_gb: float | None = Field(default=None, ge=0.001)
    in_memory: bool = False


class Pod(Settings):
    """What a step's pod gets from Kubernetes beside its machine, on Kubeflow Pipelines.

    Secrets and claims are named here, and must be in the namespace that the run is in.

    Args:
        secret_variables: Environment variables with a secret's value, by name.
        secret_files: Secret by folder; each of its values is a file there.
        claims: PersistentVolumeClaim by the folder where it is mounted. What the settings name below such a folder
            counts as being on the cluster.
        scratch: Empty folders, by path. With {"/dev/shm": {"size_gb": 2, "in_memory": true}} there are more than the
            64 MB of shared memory that a container has; where the root file system is read-only, "/tmp" must be one.
        node_selector: Labels that the node must have, value by key.
        tolerations: Taints that the node may have.
    """

    secret_variables: dict[Variable, SecretValue] = Field(default_factory=dict)
    secret_files: dict[Folder, VolumeName] = Field(default_factory=dict)
    claims: dict[Folder, VolumeName] = Field(default_factory=dict)
    scratch: dict[Folder, Scratch] = Field(default_factory=dict)
    node_selector: dict[LabelKey, LabelValue] = Field(default_factory=dict)
    tolerations: tuple[Toleration, ...] = ()

    def with_more(self, other: "Pod") -> "Pod":
        """Returns what both ask for; where they name the same, the other's holds."""
        both = {
            name: {**getattr(self, name), **getattr(other, name)} for name in Pod.model_fields if name != "tolerations"
        }
        return self.model_copy(update=both | {"tolerations": (*self.tolerations, *other.tolerations)})

    @property
    def faults(self) -> Iterator[str]:
        """What Kubernetes would refuse the pod for."""
        for path, times in Counter([*self.secret_files, *self.claims, *self.scratch]).items():
            if times > 1:
                yield f"{path} is mounted {times} times"
        # Kubeflow Pipelines names a volume as its secret or claim.
        for name, times in Counter([*self.secret_files.values(), *self.claims.values()]).items():
            if times > 1:
                yield f"'{name}' is mounted {times} times, which Kubeflow Pipelines can't do"


class Cluster(Settings):
    """How a pipeline runs on Kubeflow Pipelines or Vertex AI.

    Args:
        resources: Machine by component ID, such as "Trainer".
        service_account: Whom the steps run as; "" for the cluster's default.
        every_pod: What every step's pod needs; Kubeflow only.
        pods: What more a step's pod needs, by component ID; Kubeflow only.
        caching: Whether a step whose inputs were seen before is answered from the cluster's cache.
    """

    resources: dict[str, Resources] = Field(default_factory=dict)
    service_account: Annotated[str, Field(pattern=r"^\S*$")] = ""
    every_pod: Pod = Pod()
    pods: dict[str, Pod] = Field(default_factory=dict)
    caching: bool = True

    @model_validator(mode="after")
    def _kubernetes_takes_the_pods(self) -> "Cluster":
        faults = [f"every_pod: {fault}" for fault in self.every_pod.faults]
        faults = faults or [f"pods.{step}: {fault}" for step in self.pods for fault in self.pod(step).faults]
        if faults:
            raise ValueError("; ".join(faults))
        return self

    @property
    def mounted(self) -> tuple[str, ...]:
        """The folders where some step finds a claim; the compiled pipeline is checked step by step."""
        return tuple(dict.fromkeys(path for pod in (self.every_pod, *self.pods.values()) for path in pod.claims))

    def pod(self, step: str) -> Pod:
        """Returns all that a step's pod needs.

        Args:
            step: Its component ID.
        """
        pod = self.every_pod.with_more(self.pods.get(step, Pod()))
        tpu = self.resources[step].tpu if step in self.resources else None
        return pod.with_more(Pod(node_selector=tpu.node_selector)) if tpu else pod
