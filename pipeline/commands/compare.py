"""`transferline compare`."""

import json
from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table

from components.metric_text import metric_text
from components.outcome import BoundKind, Step, ThresholdCheck
from pipeline.commands.options import AsJson, Name, OutputDir, with_runs
from pipeline.commands.output import console, print_json
from pipeline.runs import comparison
from pipeline.runs.comparison import Comparison, MetricPair
from pipeline.runs.record import RunStore, find_run
from pipeline.runs.screen import bound_of

Run = Annotated[str, typer.Argument(metavar="RUN", help="A run's ID or its beginning, 'latest' or 'previous'.")]


def compare(name: Name, a: Run, b: Run, output_dir: OutputDir = "", as_json: AsJson = False) -> None:
    """Show two runs of a pipeline side by side: what came out, and what was different going in."""
    records = RunStore(with_runs(name, output_dir=output_dir).home).runs()
    compared = comparison.compare(find_run(records, a), find_run(records, b))
    if as_json:
        print_json(compared.model_dump(mode="json"))
    else:
        _print(compared)


def _print(compared: Comparison) -> None:
    screen = console()
    screen.print(_table(compared, "", _outcome(compared)))
    screen.print(_table(compared, "metric", _metrics(compared), "difference"))
    if compared.thresholds:
        screen.print(_table(compared, "threshold that changed", _thresholds(compared)))
    if compared.settings:
        screen.print(_table(compared, "setting that differs", _settings(compared)))
    elif not compared.settings_known:
        screen.print("[bold]settings[/]  not kept by one of the runs")
    screen.print(_table(compared, "seconds by step", _steps(compared)))


def _table(compared: Comparison, title: str, rows: list[tuple[str, ...]], *more: str) -> Table:
    table = Table(box=None, header_style="bold")
    for column in (title, *map(escape, (compared.a, compared.b)), *more):
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(*map(escape, row))
    return table


def _outcome(compared: Comparison) -> list[tuple[str, ...]]:
    return [
        ("status", *(status.replace("_", " ") for status in compared.status)),
        ("seconds", *(f"{seconds:.0f}" for seconds in compared.seconds)),
        *((count.name, f"{count.a:,}", f"{count.b:,}") for count in compared.counts),
    ]


def _metrics(compared: Comparison) -> list[tuple[str, ...]]:
    return [
        (pair.name, *(_number(pair.name, each) for each in (pair.a, pair.b)), _difference(pair))
        for pair in compared.metrics
    ]


def _difference(pair: MetricPair) -> str:
    return "" if pair.difference is None else metric_text(pair.name, pair.difference, "+")


def _number(metric: str, value: float | None) -> str:
    if value is None:
        return ""
    return f"{value:,.0f}" if value.is_integer() and abs(value) > 1 else metric_text(metric, value)  # a count, or not


def _thresholds(compared: Comparison) -> list[tuple[str, ...]]:
    return [
        (f"{pair.metric} in {pair.slice}", *(_verdict(pair.kind, result) for result in (pair.a, pair.b)))
        for pair in compared.thresholds
    ]


def _verdict(kind: BoundKind, result: ThresholdCheck | None) -> str:
    if result is None:
        return "not asked"
    return f"{_number(result.metric, result.value) or 'none'} {bound_of(result)} {'pass' if result.passed else 'FAIL'}"


def _settings(compared: Comparison) -> list[tuple[str, ...]]:
    return [
        (pair.key, *("" if value is None else json.dumps(value) for value in (pair.a, pair.b)))
        for pair in compared.settings
    ]


def _steps(compared: Comparison) -> list[tuple[str, ...]]:
    return [(pair.name, _time(pair.a), _time(pair.b)) for pair in compared.steps]


def _time(step: Step | None) -> str:
    if step is None:
        return ""
    return "cached" if step.cached else f"{step.seconds:.1f}"
