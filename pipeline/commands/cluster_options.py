"""Options that `compile`, `submit` and `runs` share."""

from enum import Enum
from typing import Annotated

import typer

from pipeline.commands.options import configured
from pipeline.config import Pipeline


class TargetChoice(str, Enum):
    """A `Target` as the command line takes it."""

    vertex = "vertex"
    kubeflow = "kubeflow"


TargetOption = Annotated[TargetChoice, typer.Option("--target", help="Vertex AI (JSON) or Kubeflow Pipelines (YAML).")]
Image = Annotated[str, typer.Option(metavar="IMAGE", help="The image of every step, as `make image` builds it.")]
Root = Annotated[str, typer.Option(metavar="gs://...", help="Where the steps write; a folder if they share one.")]

Project = Annotated[str, typer.Option(help="Vertex: the project in Google Cloud.")]
Region = Annotated[str, typer.Option(help="Vertex: its region.")]
Endpoint = Annotated[
    str, typer.Option(metavar="URL", help="Kubeflow: the address of its API. Vertex: a private one, if there is any.")
]
Experiment = Annotated[str, typer.Option(help="Kubeflow: the experiment that runs belong to.")]
Namespace = Annotated[str, typer.Option(help="Kubeflow: yours, where there are several users.")]


def cluster_config(name: str, root: str, data_dir: str, settings: list[str] | None) -> Pipeline:
    """Returns a pipeline's configuration with its root on the cluster.

    Raises:
        TransferlineError: There is no such pipeline, or the settings aren't valid.
    """
    return configured(name, data_dir=data_dir, output_dir=root.rstrip("/"), settings=settings)
