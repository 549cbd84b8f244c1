"""Says where a cluster is: all that `submit` and `runs` must know to reach it."""

from collections.abc import Iterator
from typing import Literal, TypeAlias
from urllib.parse import urlsplit

from components.errors import TransferlineError
from components.settings import Settings
from pipeline.config import Pipeline

Target: TypeAlias = Literal["vertex", "kubeflow"]
DEFAULT_EXPERIMENT = "transferline"
LOOPBACK = ("localhost", "127.0.0.1", "::1")
NAMES: dict[Target, str] = {"vertex": "Vertex AI", "kubeflow": "Kubeflow Pipelines"}


class ClusterTarget(Settings):
    """A cluster, and the place on it that runs belong to.

    Args:
        target: "vertex" or "kubeflow".
        project: Vertex: the project in Google Cloud.
        region: Vertex: its region, such as "europe-west4".
        endpoint: Kubeflow: the address of its API, such as "http://localhost:8080". Vertex: a private address of its
            API; "" for the public one.
        experiment: Kubeflow: the experiment that runs belong to.
        namespace: Kubeflow: the namespace of an installation for several users; "" for one without.
    """

    target: Target
    project: str = ""
    region: str = ""
    endpoint: str = ""
    experiment: str = DEFAULT_EXPERIMENT
    namespace: str = ""

    @property
    def place(self) -> str:
        """The cluster, as an error names it."""
        if self.target == "kubeflow":
            return self.endpoint
        return f"{self.project} in {self.region}{f', {self.endpoint}' if self.endpoint else ''}"


def job_name(config: Pipeline) -> str:
    """Returns the pipeline's name as clusters allow it, without underscores."""
    return config.name.replace("_", "-")


def check(target: ClusterTarget) -> None:
    """Checks that the target is named whole.

    Raises:
        TransferlineError: Names what is missing.
    """
    needed = ("project", "region") if target.target == "vertex" else ("endpoint",)
    missing = [name for name in needed if not getattr(target, name)]
    if missing:
        raise TransferlineError(
            f"To reach {NAMES[target.target]}, {' and '.join(missing)} must be known.",
            place=f"--target {target.target}",
            cure=f"Give {' '.join(f'--{name}' for name in missing)}.",
        )
    if target.target == "kubeflow" and not target.endpoint.startswith(("http://", "https://")):
        raise TransferlineError(
            "The address doesn't say whether it is reached by http or by https.",
            place=target.endpoint,
            cure=f"Give it as http://{target.endpoint} or https://{target.endpoint}.",
        )


def doubts(target: ClusterTarget, service_account: str = "") -> Iterator[str]:
    """Yields what isn't safe about a way to a cluster, a sentence each.

    Args:
        target: The cluster.
        service_account: Whom the steps of a run there are to run as; "" for the cluster's default.
    """
    address = urlsplit(target.endpoint)
    if target.target == "kubeflow" and address.scheme == "http" and address.hostname not in LOOPBACK:
        yield (
            f"What goes to {address.netloc} isn't encrypted: whoever is in between reads the login and the settings, "
            "and can change what runs. Use https, or kubectl port-forward and localhost."
        )
    if target.target == "vertex" and not service_account:
        yield (
            "The steps run as the project's default account, which often may change all of the project. Name one of "
            "their own with --service-account or cluster.service_account: docs/kubeflow.md says what it needs."
        )


def reach(target: ClusterTarget) -> None:
    """Asks the cluster for a little, so that a bad address or login is named before there is work that is lost.

    Raises:
        TransferlineError: It can't be reached, or refuses.
    """
    if target.target == "vertex":
        from pipeline.cluster import vertex_client  # noqa: PLC0415 (imports Google's client)

        vertex_client.connect(target)
    else:
        from pipeline.cluster import kubeflow_client  # noqa: PLC0415 (imports kfp)

        kubeflow_client.connect(target)
