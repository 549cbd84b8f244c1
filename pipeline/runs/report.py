"""Makes the report of a run on this machine from its record and its artifacts."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TypeAlias

from components.evaluator.metric_names import EFFECTIVE_COUNT, EXAMPLE_COUNT, WEIGHTED_COUNT
from components.metric_text import LOWER_IS_BETTER, metric_text
from components.outcome import Step
from components.report.collect import ARTIFACTS, Sources, collect, read_review
from components.report.page import render
from components.report.review import Review
from components.report.run_view import Change, Origin, RunView
from pipeline.config import PipelineConfig
from pipeline.config.overrides import flattened
from pipeline.metadata.history import Execution, History, read_history
from pipeline.metadata.lineage import PUSHED_TO, lineage
from pipeline.metadata.reasons import NEW, reason
from pipeline.runs.comparison import MetricPair, compare
from pipeline.runs.home import catalog_files
from pipeline.runs.page_files import REPORTS
from pipeline.runs.record import RunRecord, RunStore
from pipeline.runs.served import Versions, version_of
from pipeline.runs.setting_texts import command_of, own_settings, predictions_command, setting_text
from pipeline.runs.surroundings import versions
from pipeline.runs.whole_file import write_whole

NEITHER_IS_BETTER = ("calibration", "mean_error", EXAMPLE_COUNT, WEIGHTED_COUNT, EFFECTIVE_COUNT)

Intervals: TypeAlias = Mapping[str, tuple[float, float]]


def report_path(home: str, run_id: str) -> Path:
    """Returns where the report of a run is."""
    return Path(home) / REPORTS / f"{run_id}.html"


def write_report(config: PipelineConfig, record: RunRecord) -> RunRecord:
    """Draws the report of a run.

    Args:
        config: The pipeline.
        record: The run, at its end.

    Returns:
        The record with the path of its report, the reason of each step, and the intervals of its metrics.
    """
    history = read_history(config)
    executions = {execution.node: execution for execution in history.of_run(record.run_id)}
    steps = tuple(_with_reason(step, executions.get(step.name), history) for step in record.steps)
    path = report_path(config.home, record.run_id)
    review = _review(config, record, history.made_by(record.run_id), executions)
    record = record.model_copy(update={"steps": steps, "report": str(path), "intervals": _intervals(review)})
    others = [run for run in RunStore(config.home).runs() if run.run_id != record.run_id and run.status != "running"]
    runs = sorted([record, *others], key=lambda run: run.run_id, reverse=True)
    write_whole(path, render(review, _view(config, record, runs, history, executions, review)))
    return record


def _intervals(review: Review) -> dict[str, tuple[float, float]]:
    metrics = review.evaluation.slices[0].metrics if review.evaluation else {}
    return {
        name: (metric.low, metric.high)
        for name, metric in metrics.items()
        if metric.low is not None and metric.high is not None
    }


def _review(
    config: PipelineConfig, record: RunRecord, uris: Mapping[str, str], executions: Mapping[str, Execution]
) -> Review:
    """What the Report step wrote; where the run didn't come to it, what can be read of the rest."""
    if "report" in uris:
        return read_review(uris["report"])
    sources = {name: uris[name] for name in ARTIFACTS if name in uris}
    # Of a run that ended in its push, the record alone knows the version.
    pushed_to = _pushed_to(executions) or record.model_uri
    return collect(config.name, Sources(**sources, pushed_to=pushed_to), config.column_roles, config.card)


def _pushed_to(executions: Mapping[str, Execution]) -> str:
    for execution in executions.values():
        if pushed := execution.output("pushed_model"):
            return pushed.properties.get(PUSHED_TO, "")
    return ""


def _view(
    config: PipelineConfig,
    record: RunRecord,
    runs: Sequence[RunRecord],
    history: History,
    executions: Mapping[str, Execution],
    review: Review,
) -> RunView:
    previous = next((run for run in runs if run.run_id < record.run_id), None)
    origins = _origins(history, executions)
    baseline = review.evaluation.decision.baseline_uri if review.evaluation else ""
    pushed, own = Versions(config), version_of(record)
    return RunView(
        run_id=record.run_id,
        status=record.status,
        seconds=record.seconds,
        steps=record.steps,
        failure=record.error,
        previous=previous.run_id if previous else "",
        changes=tuple(changes(previous, record)) if previous else (),
        settings=_settings(record),
        own_settings=own_settings(config, record),
        command=command_of(record),
        predictions_command=predictions_command(record) if review.evaluation else "",
        home=config.home,
        data=record.config.get("data", {}).get("path", ""),
        lineage=(*origins, *catalog_files(origins, runs)),
        # Of records before 0.8.0, what is here today is the nearest.
        versions=record.versions or versions(),
        commit=record.commit,
        log=record.log,
        served=pushed.before(record, runs, baseline),
        pushed_is_kept=own is None or pushed.is_kept(own),
    )


def _origins(history: History, executions: Mapping[str, Execution]) -> list[Origin]:
    """From the pushed model, or the last thing that was made before the push, back to the data."""
    for node in ("Pusher", "Evaluator", "Trainer", "Transform", "StatisticsGen"):
        execution = executions.get(node)
        if execution is None or not execution.succeeded:
            continue
        if node == "Pusher" and not _pushed_to(executions):
            continue
        artifact = next(iter(execution.outputs.values()))[0]
        return lineage(history, artifact.uri)
    return []


def _with_reason(step: Step, execution: Execution | None, history: History) -> Step:
    return step if execution is None else step.model_copy(update={"reason": reason(history, execution)})


def changes(before: RunRecord, now: RunRecord) -> list[Change]:
    """Returns what differs between two runs: outcome, metrics, records, settings, and what ran for what reason."""
    found = compare(before, now)
    status_before, status_now = (status.replace("_", " ") for status in found.status)
    pairs: list[tuple[str, str, str]] = [("status", status_before, status_now)]
    pairs += [(f"{step.name} ran", "", step.reason) for step in now.steps if _is_cause(step)]
    pairs += [(f"records: {each.name}", f"{each.a:,}", f"{each.b:,}") for each in found.counts]
    pairs += [(f"setting {each.key}", setting_text(each.a), setting_text(each.b)) for each in found.settings]
    differing = [Change(what=what, before=old, now=new) for what, old, new in pairs if old != new]
    metrics = [
        Change(what=each.name, before=_number(each.name, each.a), now=_judged(each, now.intervals))
        for each in found.metrics
        if each.name != EXAMPLE_COUNT and each.difference != 0
    ]
    return [*differing, *metrics]


def _is_cause(step: Step) -> bool:
    """Whether a step ran for a reason of its own, not only because one before it did."""
    return not step.cached and bool(step.reason) and not step.reason.startswith(NEW)


def _judged(pair: MetricPair, intervals: Intervals) -> str:
    """The later value, and whether it is better: that is said only where the earlier one is outside of its interval."""
    value = _number(pair.name, pair.b)
    if pair.difference is None or pair.a is None:
        return value
    changed = metric_text(pair.name, pair.difference, "+")
    if pair.name in NEITHER_IS_BETTER or pair.name not in intervals:
        return f"{value} ({changed})"
    low, high = intervals[pair.name]
    ends = f"95 % interval {metric_text(pair.name, low)} to {metric_text(pair.name, high)}"
    if low <= pair.a <= high:
        return f"{value} ({changed}, which may be chance: {ends})"
    better = (pair.difference > 0) != (pair.name in LOWER_IS_BETTER)
    return f"{value} ({changed}, {'better' if better else 'worse'}: {ends})"


def _number(metric: str, value: float | None) -> str:
    return "" if value is None else metric_text(metric, value)


def _settings(run: RunRecord) -> dict[str, str]:
    return {key: setting_text(value) for key, value in flattened(run.config).items()} if run.config else {}
