"""`transferline compile`."""

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from pipeline.commands.cluster_options import Image, Root, TargetOption, cluster_config
from pipeline.commands.options import DataDir, Name, Settings
from pipeline.runs.log_file import redirect_output


def compile_(
    name: Name,
    target: TargetOption,
    image: Image,
    root: Root,
    out: Annotated[Path, typer.Option("--out", "-o", metavar="FILE", help="Where to write it.")],
    data_dir: DataDir = "",
    settings: Settings = None,
) -> None:
    """Compile a pipeline for Kubeflow Pipelines or Vertex AI. Asks nothing of any network."""
    out = Path(os.path.expanduser(out))
    config = cluster_config(name, root, data_dir, settings)
    with redirect_output(Path(os.devnull)):  # TFX's imports have much to say
        from pipeline.cluster.compile import compile_job, write_job  # noqa: PLC0415 (imports TFX)

        job = compile_job(config, image, target.value)
        write_job(job, target.value, out)
    parameters = ", ".join(sorted(job["pipelineSpec"]["root"]["inputDefinitions"]["parameters"]))
    sys.stdout.write(f"{out}\nrun parameters: {parameters}\n")
