"""What a person sees of a run: a line a step, a bar while it works, the thresholds, and where the model went."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Table

from components import progress
from components.outcome import Step, ThresholdCheck
from pipeline.runs.record import RunRecord

WIDTH_WHEN_PIPED = 120
NAME_WIDTH = 18
SHOWN_THRESHOLDS = 24
SHOWN_FAILED = 8
SIGNS = {"at_least": "≥", "at_most": "≤", "max_drop": "drop ≤", "max_rise": "rise ≤"}
TITLES = {"pushed": "[green]pushed[/]", "not_blessed": "[yellow]not blessed[/]", "failed": "[red]failed[/]"}


class Screen:
    """Prints a run as it goes.

    Args:
        stream: Where to print. Bars appear only on a terminal, colours only where it has them.
    """

    def __init__(self, stream: TextIO) -> None:
        terminal = stream.isatty()
        self._console = Console(
            file=stream, width=None if terminal else WIDTH_WHEN_PIPED, highlight=False, soft_wrap=not terminal
        )

    def start(self, name: str, home: str) -> None:
        """Says what begins."""
        self._console.print(f"[bold]{escape(name)}[/] → {escape(home)}")

    @contextmanager
    def working(self, name: str) -> Iterator[None]:
        """Shows that a step is at work, with a bar as soon as it reports progress."""
        with Progress(
            SpinnerColumn(),
            TextColumn("{task.description}"),
            BarColumn(bar_width=24),
            TextColumn("{task.fields[detail]}"),
            TimeElapsedColumn(),
            console=self._console,
            transient=True,
            # What libraries print isn't for the screen, whichever way they take.
            redirect_stdout=False,
            redirect_stderr=False,
            disable=not self._console.is_terminal,
        ) as bar:
            task = bar.add_task(f"{name:<{NAME_WIDTH}}", total=None, detail="")
            with progress.heard_by(lambda state: _show(bar, task, state)):
                yield

    def step(self, step: Step, note: str = "") -> None:
        """Prints a finished step."""
        took = "[dim]  cached[/]" if step.cached else f"{_duration(step.seconds):>8}"
        mark = "[dim]=[/]" if step.cached else "[green]✓[/]"
        self._console.print(f" {mark} {step.name:<{NAME_WIDTH}} {took}  {escape(note)}".rstrip())

    def step_failed(self, step: Step) -> None:
        """Prints the step that failed."""
        self._console.print(f" [red]✗ {step.name:<{NAME_WIDTH}} {_duration(step.seconds):>8}[/]")

    def finish(self, record: RunRecord) -> None:
        """Prints the thresholds and the outcome; of a failure the cause, the place and the cure."""
        if record.thresholds:
            self._console.print(_thresholds(record.thresholds))
        failed = [result for result in record.thresholds if not result.passed]
        if record.status == "not_blessed":
            names = _first("; ", [f"{result.metric} in {result.slice}" for result in failed], SHOWN_FAILED)
            self._console.print(f"Not blessed, nothing was pushed. Failed: {escape(names)}")
        if record.status == "pushed":
            self._console.print(f"Model:  {escape(record.model_uri)}")
        if record.report:
            self._console.print(f"Report: {escape(record.report)}")
        self._console.print(f"Log:    {escape(record.log)}")
        title = TITLES[record.status]
        nothing_to_do = " (nothing to do: every step was cached)" if record.steps and _all_cached(record) else ""
        self._console.print(f"[bold]{title}[/] in {_duration(record.seconds).strip()}{nothing_to_do}")
        if record.error:
            self._error(record.error.cause, record.error.place, record.error.cure)

    def _error(self, cause: str, place: str, cure: str) -> None:
        self._console.print(f"[red]cause:[/] {escape(cause)}")
        if place:
            self._console.print(f"[red]place:[/] {escape(place)}")
        if cure:
            self._console.print(f"[red]cure:[/]  {escape(cure)}")


def _all_cached(record: RunRecord) -> bool:
    return all(step.cached for step in record.steps)


def _thresholds(results: tuple[ThresholdCheck, ...]) -> Table:
    table = Table(box=None, pad_edge=True, header_style="bold", show_edge=False)
    table.add_column("threshold")
    table.add_column("slice")
    for name in ("value", "bound", "baseline"):
        table.add_column(name, justify="right")
    table.add_column("")
    shown = sorted(results, key=lambda result: result.passed)[:SHOWN_THRESHOLDS]
    for result in [result for result in results if result in shown]:
        table.add_row(
            result.metric,
            escape(result.slice),
            "none" if result.value is None else f"{result.value:.4f}",
            f"{SIGNS[result.kind]} {result.bound:g}",
            "" if result.baseline is None else f"{result.baseline:.4f}",
            _verdict(result),
        )
    if len(results) > len(shown):
        table.add_row(f"and {len(results) - len(shown)} more", "", "", "", "", "see `transferline runs --json`")
    return table


def _verdict(result: ThresholdCheck) -> str:
    """Nothing was compared by a bound on the change where there is no earlier model, though it passes."""
    if not result.passed:
        return "[red]FAIL[/]"
    return "not compared" if result.is_not_compared else "[green]pass[/]"


def _first(separator: str, items: list[str], count: int) -> str:
    more = [f"and {len(items) - count} more"] if len(items) > count else []
    return separator.join(items[:count] + more)


def _duration(seconds: float) -> str:
    minute = 60
    if seconds < minute:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), minute)
    return f"{minutes} min {rest:02d} s"


def _show(bar: Progress, task: TaskID, state: progress.Progress) -> None:
    total = "" if state.total is None else f"/{state.total:,}"
    bar.update(
        task,
        completed=state.done,
        total=state.total,
        detail=escape(f"{state.done:,}{total} {state.unit} {state.detail}"),
    )
