"""Hands a compiled pipeline to Kubeflow Pipelines or Vertex AI."""

from pathlib import Path
from typing import Any

from components.errors import TransferlineError
from components.wording import nearest
from pipeline.cluster.compile import check_places
from pipeline.cluster.run_parameters import run_parameters
from pipeline.cluster.target import ClusterTarget
from pipeline.config import Pipeline
from pipeline.config.overrides import apply_overrides


class Submission(ClusterTarget):
    """What is sent, and where to.

    Args:
        name: Of the pipeline, as the cluster shows it.
        image: The image of every step.
        root: Where the steps write.
        parameters: Values of the run parameters, all of them.
        schedule: When it runs, as five fields of cron; "" for once, now.
        service_account: Whom the steps run as; "" for the target's default.
    """

    name: str
    image: str
    root: str
    parameters: dict[str, str | int]
    schedule: str = ""
    service_account: str = ""


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
    from pipeline.cluster.refusals import explained  # noqa: PLC0415 (imports Google's client)

    with explained(submission):
        return _to_vertex(submission, file) if submission.target == "vertex" else _to_kubeflow(submission, file)


def _to_vertex(submission: Submission, file: Path) -> str:
    from google.cloud import aiplatform  # noqa: PLC0415 (takes seconds)

    from pipeline.cluster import vertex_client  # noqa: PLC0415 (the same)

    client = vertex_client.connect(submission)
    aiplatform.init(
        project=submission.project,
        location=submission.region,
        api_endpoint=vertex_client.api_endpoint(submission),
        api_transport="rest",
        credentials=vertex_client.credentials(),
    )
    job = vertex_job(submission, file)
    if submission.schedule:
        schedule = job.create_schedule(
            cron=submission.schedule,
            display_name=submission.name,
            service_account=submission.service_account or None,
            create_request_timeout=vertex_client.ANSWER,
        )
        return str(schedule._dashboard_uri())
    # Not by its own `submit`, which makes a bucket that there isn't, and tries for minutes where it can't ask for one.
    wanted = job._gca_resource
    wanted.service_account = submission.service_account
    created = client.create_pipeline_job(
        parent=vertex_client.parent(submission),
        pipeline_job=wanted,
        pipeline_job_id=job.job_id,
        timeout=vertex_client.ANSWER,
    )
    return vertex_client.page(submission, created.name)


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
    from pipeline.cluster.kubeflow_client import connect  # noqa: PLC0415 (imports kfp)

    client = connect(submission)
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
            service_account=submission.service_account or None,
        )
        return f"{submission.endpoint}/#/recurringrun/details/{recurring.recurring_run_id}"
    run = client.create_run_from_pipeline_package(
        pipeline_file=str(file),
        arguments=submission.parameters,
        run_name=submission.name,
        experiment_name=submission.experiment,
        pipeline_root=submission.root,
        service_account=submission.service_account or None,
    )
    return f"{submission.endpoint}/#/runs/details/{run.run_id}"
