"""Hands a compiled pipeline to Kubeflow Pipelines or Vertex AI."""

from pathlib import Path
from typing import Any

from components.errors import TransferlineError
from components.settings import Settings
from components.wording import nearest
from pipeline.cluster.compile import Target, check_places
from pipeline.cluster.run_parameters import run_parameters
from pipeline.config import Pipeline
from pipeline.config.overrides import apply_overrides


class Submission(Settings):
    """What is sent, and where to.

    Args:
        target: "vertex" or "kubeflow".
        name: Of the pipeline, as the cluster shows it.
        image: The image of every step.
        root: Where the steps write.
        parameters: Values of the run parameters, all of them.
        schedule: When it runs, as five fields of cron; "" for once, now.
        project: Vertex: the project in Google Cloud.
        region: Vertex: its region, such as "europe-west4".
        service_account: Vertex: the account that the steps run as; "" for the project's default.
        endpoint: Kubeflow: the address of its API, such as "http://localhost:8080".
        experiment: Kubeflow: the experiment that the run belongs to.
    """

    target: Target
    name: str
    image: str
    root: str
    parameters: dict[str, str | int]
    schedule: str = ""
    project: str = ""
    region: str = ""
    service_account: str = ""
    endpoint: str = ""
    experiment: str = "transferline"


def check(submission: Submission) -> None:
    """Checks that the target is named whole.

    Raises:
        TransferlineError: Names what is missing.
    """
    needed = ("project", "region") if submission.target == "vertex" else ("endpoint",)
    missing = [name for name in needed if not getattr(submission, name)]
    if missing:
        raise TransferlineError(
            f"To submit to {submission.target}, {' and '.join(missing)} must be known.",
            place="transferline submit",
            cure=f"Give {' '.join(f'--{name}' for name in missing)}.",
        )


def parameter_values(config: Pipeline, given: dict[str, str]) -> dict[str, str | int]:
    """Returns the value of every run parameter: given, or its default.

    Args:
        config: With `data.path` as the cluster sees it.
        given: Texts by name, from the command line.

    Raises:
        TransferlineError: A name is unknown, a value isn't one its setting may have or is a path that the cluster can't
            read, or a needed one is missing.
    """
    known = {parameter.name: parameter for parameter in run_parameters(config)}
    faults = [f"{name}: there is no such run parameter{nearest(name, list(known))}" for name in set(given) - set(known)]
    faults += [
        f"{name}: has no value. {parameter.description}"
        for name, parameter in known.items()
        if name not in given and parameter.default is None
    ]
    if faults:
        raise TransferlineError(
            "The run parameters aren't valid:\n" + "\n".join(f"  - {fault}" for fault in sorted(faults)),
            cure=f"Use --parameter NAME=VALUE with {', '.join(known)}.",
        )
    settings = [f"{known[name].setting}={value}" for name, value in given.items() if known[name].setting]
    configured = apply_overrides(config, settings)  # which names every value that its setting doesn't allow
    check_places(configured)
    values = {
        parameter.name: parameter.default if parameter.setting else given.get(parameter.name, parameter.default)
        for parameter in run_parameters(configured)
    }
    return {name: value for name, value in values.items() if value is not None}


def send(submission: Submission, file: Path) -> str:
    """Starts a run, or sets up its schedule. Which steps the cluster may cache is said in the file.

    Args:
        submission: Checked.
        file: The compiled pipeline.

    Returns:
        Where to look at it.

    Raises:
        TransferlineError: The cluster doesn't answer, or refuses.
    """
    try:
        return _to_vertex(submission, file) if submission.target == "vertex" else _to_kubeflow(submission, file)
    except Exception as error:  # whatever the two clients and the libraries below them raise
        raise TransferlineError(
            f"{submission.target} didn't take the pipeline: {error}.",
            place=submission.endpoint or f"{submission.project} in {submission.region}",
            cure="Check the address and your credentials; --dry-run shows what would be sent.",
        ) from error


def _to_vertex(submission: Submission, file: Path) -> str:
    job = vertex_job(submission, file)
    if submission.schedule:
        schedule = job.create_schedule(
            cron=submission.schedule,
            display_name=submission.name,
            service_account=submission.service_account or None,
        )
        return str(schedule.resource_name)
    job.submit(service_account=submission.service_account or None)
    return str(job._dashboard_uri())


def vertex_job(submission: Submission, file: Path, credentials: Any = None) -> Any:
    """Returns aiplatform's PipelineJob; nothing is sent yet.

    Args:
        submission: Checked.
        file: The compiled pipeline, as JSON.
        credentials: Of Google Cloud; the environment's if None.
    """
    from google.cloud import aiplatform  # noqa: PLC0415

    return aiplatform.PipelineJob(
        display_name=submission.name,
        template_path=str(file),
        pipeline_root=submission.root,
        parameter_values=submission.parameters,
        project=submission.project,
        location=submission.region,
        credentials=credentials,
    )


def _to_kubeflow(submission: Submission, file: Path) -> str:
    import kfp  # noqa: PLC0415

    client = kfp.Client(host=submission.endpoint)
    if submission.schedule:
        experiment = client.create_experiment(submission.experiment)
        recurring = client.create_recurring_run(
            experiment_id=experiment.experiment_id,
            job_name=submission.name,
            # Its clients count seconds, which cron doesn't.
            cron_expression=f"0 {submission.schedule}",
            pipeline_package_path=str(file),
            params=submission.parameters,
            pipeline_root=submission.root,
        )
        return f"{submission.endpoint}/#/recurringrun/details/{recurring.recurring_run_id}"
    run = client.create_run_from_pipeline_package(
        pipeline_file=str(file),
        arguments=submission.parameters,
        run_name=submission.name,
        experiment_name=submission.experiment,
        pipeline_root=submission.root,
    )
    return f"{submission.endpoint}/#/runs/details/{run.run_id}"
