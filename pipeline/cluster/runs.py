"""Lists a pipeline's runs on a cluster, as the cluster has them."""

from collections.abc import Iterator
from datetime import datetime, timezone
from itertools import islice

from components.outcome import ClusterStatus
from components.settings import Settings
from pipeline.cluster.target import ClusterTarget

PAGE = 20
STATUS: dict[str, ClusterStatus] = {
    "UNSPECIFIED": "waiting",
    "QUEUED": "waiting",
    "PENDING": "waiting",
    "RUNNING": "running",
    "PAUSED": "paused",
    "SUCCEEDED": "succeeded",
    "SKIPPED": "succeeded",
    "FAILED": "failed",
    "CANCELING": "cancelled",
    "CANCELLING": "cancelled",
    "CANCELED": "cancelled",
    "CANCELLED": "cancelled",
}
"""Both targets' words for the state of a run, without what they begin with."""
BEGINNINGS = ("PIPELINE_STATE_", "RUNTIME_STATE_")


class ClusterRun(Settings):
    """One run of a pipeline on a cluster.

    Attributes:
        run_id: The cluster's.
        name: As the cluster's page shows it.
        status: How it ended, or that it hasn't.
        started: When it began; None for one that hasn't.
        seconds: Wall time, until now for one that hasn't ended.
        link: The page to look at it.
        error: Why it failed, as the cluster says it; "" if it didn't.
    """

    run_id: str
    name: str
    status: ClusterStatus
    started: datetime | None
    seconds: float
    link: str
    error: str = ""


def cluster_runs(target: ClusterTarget, name: str, limit: int) -> list[ClusterRun]:
    """Returns a pipeline's runs on a cluster, the newest first.

    A run is the pipeline's if the specification that it runs has the pipeline's name: people change what a run is
    called, and a schedule calls its runs as it likes.

    Args:
        target: Checked.
        name: Of the pipeline, as clusters have it.
        limit: How many at most.

    Raises:
        TransferlineError: The cluster can't be reached, or refuses.
    """
    found = _on_vertex(target, name) if target.target == "vertex" else _on_kubeflow(target, name)
    return list(islice(found, limit))


def _on_vertex(target: ClusterTarget, name: str) -> Iterator[ClusterRun]:
    from pipeline.cluster.refusals import explained  # noqa: PLC0415 (imports Google's client)
    from pipeline.cluster.vertex_client import connect, list_jobs, page  # noqa: PLC0415 (the same)

    client = connect(target)
    with explained(target):
        wanted = {"paths": ["name", "display_name", "state", "create_time", "start_time", "end_time", "error"]}
        jobs = list_jobs(
            client,
            target,
            filter=f'pipeline_name="{name}"',
            order_by="create_time desc",
            page_size=PAGE,
            read_mask=wanted,
        )
        for job in jobs:
            started = job.start_time or job.create_time
            yield ClusterRun(
                run_id=job.name.rpartition("/")[2],
                name=job.display_name,
                status=_status(job.state.name),
                started=started,
                seconds=_seconds(started, job.end_time),
                link=page(target, job.name),
                error=job.error.message,
            )


def _on_kubeflow(target: ClusterTarget, name: str) -> Iterator[ClusterRun]:
    from pipeline.cluster.kubeflow_client import connect, experiment_id, runs_of  # noqa: PLC0415 (imports kfp)
    from pipeline.cluster.refusals import explained  # noqa: PLC0415 (imports Google's client)

    client = connect(target)
    with explained(target):
        for run in runs_of(client, experiment_id(client, target.experiment), name):
            yield ClusterRun(
                run_id=run.run_id,
                name=run.display_name,
                status=_status(run.state or "UNSPECIFIED"),
                started=run.created_at,
                seconds=_seconds(run.created_at, run.finished_at),
                link=f"{target.endpoint}/#/runs/details/{run.run_id}",
                error=(run.error and run.error.message) or "",
            )


def _status(state: str) -> ClusterStatus:
    """Returns our word for a state; "unknown" for one that a later release may bring."""
    for beginning in BEGINNINGS:
        state = state.removeprefix(beginning)
    return STATUS.get(state, "unknown")


def _seconds(started: datetime | None, ended: datetime | None) -> float:
    """Returns a duration. Kubeflow says 1970 where it has no time to say."""
    if started is None:
        return 0.0
    until = ended if ended is not None and ended.timestamp() > 0 else datetime.now(timezone.utc)
    return round((until - started).total_seconds(), 1)
