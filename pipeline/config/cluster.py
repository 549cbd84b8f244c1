"""Defines what the steps of a pipeline need of a cluster."""

from pydantic import Field

from components.settings import Settings


class Resources(Settings):
    """The machine of one step.

    Args:
        cpus: CPU cores; None for the cluster's own default.
        memory_gb: Memory in GB; None for the cluster's own default.
        accelerator: Type of the GPU or TPU, as the cluster names it: "nvidia.com/gpu" on Kubeflow,
            "NVIDIA_TESLA_T4" or "TPU_V3" on Vertex; "" for none.
        accelerators: How many of them.
    """

    cpus: float | None = Field(default=None, gt=0)
    memory_gb: float | None = Field(default=None, gt=0)
    accelerator: str = ""
    accelerators: int = Field(default=1, ge=1)


class Cluster(Settings):
    """How a pipeline runs on Kubeflow Pipelines or Vertex AI.

    Args:
        resources: Machine by component ID, such as "Trainer".
        caching: Whether a step whose inputs were seen before is answered from the cluster's cache.
    """

    resources: dict[str, Resources] = Field(default_factory=dict)
    caching: bool = True
