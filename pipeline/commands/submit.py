"""`transferline submit`."""

import os
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import typer

from components.run_parameters import DATA_PATH
from pipeline.cluster.target import DEFAULT_EXPERIMENT, ClusterTarget, check, doubts, job_name, reach
from pipeline.commands.cluster_options import (
    Endpoint,
    Experiment,
    Image,
    Namespace,
    Project,
    Region,
    Root,
    TargetOption,
    cluster_config,
)
from pipeline.commands.options import DataDir, Name, Settings, tell_on_stderr
from pipeline.commands.output import print_json
from pipeline.config.overrides import apply_overrides
from pipeline.runs.log_file import redirect_output
from pipeline.runs.screen import Screen


def submit(
    name: Name,
    target: TargetOption,
    image: Image,
    root: Root,
    data_dir: DataDir = "",
    settings: Settings = None,
    parameters: Annotated[
        list[str] | None, typer.Option("--parameter", metavar="NAME=VALUE", help="A run parameter.")
    ] = None,
    schedule: Annotated[
        str, typer.Option(metavar="CRON", help='When to run, as "0 3 * * 1"; once, now if unset.')
    ] = "",
    project: Project = "",
    region: Region = "",
    service_account: Annotated[
        str, typer.Option(help="Whom the steps run as, instead of cluster.service_account.")
    ] = "",
    endpoint: Endpoint = "",
    experiment: Experiment = DEFAULT_EXPERIMENT,
    namespace: Namespace = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Print what would be sent, and send nothing.")] = False,
) -> None:
    """Compile a pipeline and start it on Kubeflow Pipelines or Vertex AI, once or by a schedule."""
    config = cluster_config(name, root, data_dir, settings)
    cluster = ClusterTarget(
        target=target.value,
        project=project,
        region=region,
        endpoint=endpoint.rstrip("/"),
        experiment=experiment,
        namespace=namespace,
    )
    check(cluster)
    for doubt in doubts(cluster, service_account or config.cluster.service_account):
        tell_on_stderr(doubt)
    if not dry_run:
        with redirect_output(Path(os.devnull)):  # the clients log what becomes an error, and more
            reach(cluster)
    with redirect_output(Path(os.devnull)):  # TFX's imports have much to say
        from pipeline.cluster.compile import (  # noqa: PLC0415 (imports TFX)
            always_read,
            compile_job,
            own_data_path,
            with_cluster_data,
            write_job,
        )
        from pipeline.cluster.data import data_version, place  # noqa: PLC0415 (imports TFX)
        from pipeline.cluster.run_parameters import DATA_VERSION  # noqa: PLC0415 (imports TFX)
        from pipeline.cluster.submit import Submission, parameter_values, send  # noqa: PLC0415 (imports TFX)

        job = compile_job(config, image, target.value)
        if schedule:
            always_read(job)
    located = with_cluster_data(config)
    given = dict(each.partition("=")[::2] for each in parameters or [])
    values = parameter_values(located, given)
    submission = Submission(
        **cluster.model_dump(),
        name=job_name(config),
        image=image,
        root=config.artifacts_dir,
        parameters=values,
        schedule=schedule,
        service_account=service_account or config.cluster.service_account,
    )
    own = config.source if values[DATA_PATH] == own_data_path(config) else None
    if own is not None and not dry_run:
        with Screen(sys.stdout).working("data"):
            copied = place(own, own_data_path(config))
        if copied:
            sys.stdout.write(f"copied the data to {own_data_path(config)}\n")
    # A dry run copies nothing, and of data that is yet to be copied nothing can be asked for: that isn't a version.
    if DATA_VERSION not in given and not (own and dry_run):
        read = apply_overrides(located, [f"data.path={values[DATA_PATH]}"])
        submission = submission.model_copy(update={"parameters": values | {DATA_VERSION: data_version(read)}})
    if dry_run:
        steps = sorted(job["pipelineSpec"]["root"]["dag"]["tasks"])
        sent = submission.model_dump()
        if own and DATA_VERSION not in given:
            sent["parameters"][DATA_VERSION] = None
        print_json(sent | {"steps": steps, "data_is_copied_to": own_data_path(config) if own else ""})
        return
    with TemporaryDirectory() as folder:
        file = Path(folder) / ("pipeline.json" if target.value == "vertex" else "pipeline.yaml")
        write_job(job, target.value, file)
        with redirect_output(Path(os.devnull)):
            where = send(submission, file)
    sys.stdout.write(f"{where}\n")
