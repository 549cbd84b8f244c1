"""Writes the page over all runs of a pipeline, and the one over all pipelines of an output folder."""

import os
from collections.abc import Iterator
from datetime import datetime, timezone
from pathlib import Path

from components.evaluator.metric_names import EXAMPLE_COUNT
from components.intervals import share_interval
from components.outcome import ALL_EXAMPLES
from components.pusher.versions import versions
from components.report.index import render_index, render_overview
from components.report.run_view import PipelineLine, RunLine
from pipeline.config import PipelineConfig
from pipeline.config.overrides import flattened
from pipeline.runs.page_files import INDEX, REPORTS, alone_in
from pipeline.runs.record import RunRecord, RunStore
from pipeline.runs.rollbacks import rollbacks
from pipeline.runs.served import Versions, version_of
from pipeline.runs.setting_texts import setting_text
from pipeline.runs.whole_file import write_whole

PUSHED, RUNS = "pushed", "runs"
MADE_HERE = "Made by Transferline"


def write_index_pages(config: PipelineConfig) -> None:
    """Writes both pages anew, each whole or not at all.

    Args:
        config: The pipeline; of its runs, those that have ended are listed.
    """
    pushed = Versions(config)
    ended = [run for run in RunStore(config.home).runs() if run.status != "running"]
    page = render_index(config.name, [run_line(run, pushed) for run in ended], pushed.in_words(ended))
    write_whole(Path(config.home) / REPORTS / INDEX, page)
    write_overview(Path(config.output_dir))


def write_overview(output_dir: Path) -> None:
    """Writes the page over all pipelines of an output folder; one that somebody else made is left alone."""
    page = output_dir / INDEX
    with alone_in(output_dir):  # else a run that ended while this one looked around would be missing
        if not page.exists() or MADE_HERE in page.read_text(encoding="utf-8", errors="replace"):
            write_whole(page, render_overview(list(_pipelines(output_dir))))


def run_line(run: RunRecord, pushed: Versions | None = None) -> RunLine:
    """Returns a run as it is listed.

    Args:
        run: Its record.
        pushed: What became of the models that were pushed; None where that isn't looked at.
    """
    version = version_of(run)
    kinds = ("at_least", "at_most", "better_than_guessing")
    bounding = [check for check in run.thresholds if check.slice == ALL_EXAMPLES and check.kind in kinds]
    return RunLine(
        run_id=run.run_id,
        status=run.status,
        seconds=run.seconds,
        metrics=run.metrics,
        intervals=_intervals(run),
        bounds={check.metric: check.bound for check in bounding},
        bound_texts={check.metric: check.bound_text for check in bounding},
        counts=run.counts.model_dump(),
        settings={key: setting_text(value) for key, value in flattened(run.config).items()} if run.config else {},
        outcome=run.error.in_a_line if run.error else run.model_uri,
        version="" if version is None else str(version),
        mark=pushed.mark(run) if pushed else "",
        report=f"{run.run_id}.html" if run.report and os.path.isfile(run.report) else "",
    )


def _intervals(run: RunRecord) -> dict[str, tuple[float, float]]:
    """Those that the run kept; of older runs that of the accuracy, which its examples tell."""
    if run.intervals or "accuracy" not in run.metrics:
        return run.intervals
    interval = share_interval(run.metrics["accuracy"], run.metrics.get(EXAMPLE_COUNT, 0.0))
    return {"accuracy": interval} if interval else {}


def _pipelines(output_dir: Path) -> Iterator[PipelineLine]:
    """Every folder in which a pipeline ran, by name."""
    for runs in sorted(output_dir.glob(f"*/{RUNS}")):
        home = runs.parent
        try:
            last = RunStore(str(home)).last()
        except PermissionError:  # another user's
            continue
        if last is None:
            continue
        there = versions(str(home / PUSHED)) if (home / PUSHED).is_dir() else []
        index = home / REPORTS / INDEX
        yield PipelineLine(
            name=home.name,
            runs=sum(1 for _ in runs.glob("*.json")),
            last=run_line(last),
            served=str(there[0]) if there else "",
            served_since=_since(there[0]) if there else "",
            rolled_back=bool(there) and there[0] in {each.pushed_as for each in rollbacks(str(home))},
            link=f"{home.name}/{REPORTS}/{INDEX}" if index.is_file() else "",
        )


def _since(version: int) -> str:
    """When a version was pushed, of which its number is the time; "" of a number that is none."""
    try:
        return f"{datetime.fromtimestamp(version, timezone.utc):%Y-%m-%d %H:%M} UTC"
    except (ValueError, OverflowError, OSError):
        return ""
