"""`transferline runs`."""

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape
from rich.table import Table

from components.errors import TransferlineError
from components.metric_text import first_metrics, metric_text
from pipeline.cluster.target import DEFAULT_EXPERIMENT, ClusterTarget, check, doubts, job_name
from pipeline.commands.cluster_options import Endpoint, Experiment, Namespace, Project, Region, TargetChoice
from pipeline.commands.options import AsJson, Name, OutputDir, configured, tell_on_stderr, with_runs
from pipeline.commands.output import console, print_json
from pipeline.config import Pipeline
from pipeline.runs.log_file import redirect_output
from pipeline.runs.record import Counts, RunRecord, RunStore, public
from pipeline.runs.served import Versions

if TYPE_CHECKING:
    from pipeline.cluster.runs import ClusterRun


def runs(
    name: Name,
    output_dir: OutputDir = "",
    target: Annotated[
        TargetChoice | None, typer.Option("--target", help="A cluster's runs: of Vertex AI or Kubeflow Pipelines.")
    ] = None,
    project: Project = "",
    region: Region = "",
    endpoint: Endpoint = "",
    experiment: Experiment = DEFAULT_EXPERIMENT,
    namespace: Namespace = "",
    limit: Annotated[int, typer.Option(min=1, help="How many of a cluster's runs.")] = 20,
    as_json: AsJson = False,
) -> None:
    """List a pipeline's runs, the newest first: those on this machine, or with --target those on a cluster."""
    if target is None:
        if project or region or endpoint or namespace:
            raise TransferlineError(
                "Where a cluster is was given, and not that its runs are asked for.",
                place="transferline runs",
                cure="Give --target vertex or --target kubeflow, too.",
            )
        _print_runs_here(name, with_runs(name, output_dir=output_dir), as_json=as_json)
        return
    config = configured(name, output_dir=output_dir)
    from pipeline.cluster.runs import cluster_runs  # noqa: PLC0415 (nobody else waits for it)

    cluster = ClusterTarget(
        target=target.value,
        project=project,
        region=region,
        endpoint=endpoint.rstrip("/"),
        experiment=experiment,
        namespace=namespace,
    )
    check(cluster)
    if not as_json and cluster.target == "kubeflow":
        for doubt in doubts(cluster):
            tell_on_stderr(doubt)
    with redirect_output(Path(os.devnull)):  # the clients log what becomes an error, and more
        found = cluster_runs(cluster, job_name(config), limit)
    if as_json:
        print_json([run.model_dump(mode="json") for run in found])
    elif not found:
        sys.stdout.write(f"{name} has no runs at {cluster.place}. Start one with: transferline submit {name}\n")
    else:
        console().print(_cluster_table(found))


def _print_runs_here(name: str, config: Pipeline, *, as_json: bool) -> None:
    records = RunStore(config.home).runs()
    if not records:  # nor is a bucket asked what was pushed
        nothing = f"{name} hasn't run yet in {config.home}. Start it with: transferline run {name}\n"
        sys.stdout.write("[]\n" if as_json else nothing)
        return
    pushed = Versions(config)
    if as_json:
        listed = zip(public(records), records, strict=True)
        print_json([{**values, "mark": pushed.mark(record)} for values, record in listed])
    else:
        console().print(_table(records, pushed))
        if served := pushed.in_words(records):
            console().print(escape(served), soft_wrap=True)


def _cluster_table(found: list["ClusterRun"]) -> Table:
    table = Table(box=None, header_style="bold")
    for column in ("run", "status", "started", "seconds"):
        table.add_column(column, no_wrap=True)
    table.add_column("link", overflow="fold")
    for run in found:
        started = f"{run.started.astimezone():%Y-%m-%d %H:%M}" if run.started else ""
        table.add_row(escape(run.name), run.status, started, f"{run.seconds:.0f}", escape(run.link))
    return table


def _table(records: list[RunRecord], pushed: Versions) -> Table:
    table = Table(box=None, header_style="bold")
    first = first_metrics(name for record in records for name in record.metrics)
    for column in ("run", "status", "seconds", *Counts.model_fields, *map(escape, first)):
        table.add_column(column, no_wrap=True)
    table.add_column("model or error", overflow="fold")
    for record in records:
        counts = [f"{count:,}" for count in record.counts.model_dump().values()]
        mark = pushed.mark(record)
        model = f"{record.model_uri} ({mark})" if mark in ("served", "rolled back") else record.model_uri
        # A run may fail after its push: the model is served all the same.
        last = "; ".join(filter(None, (model, record.error.in_a_line if record.error else "")))
        table.add_row(
            escape(record.run_id),
            record.status.replace("_", " "),
            f"{record.seconds:.0f}",
            *counts,
            *(metric_text(name, record.metrics[name]) if name in record.metrics else "" for name in first),
            escape(last),
        )
    return table
