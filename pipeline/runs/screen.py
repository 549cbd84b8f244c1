"""What a person sees of a run: a line a step, a bar while it works, the thresholds, and where the model went."""

import math
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import TextIO

from rich.markup import escape
from rich.progress import BarColumn, Progress, ProgressColumn, SpinnerColumn, Task, TextColumn, TimeElapsedColumn
from rich.table import Column, Table
from rich.text import Text

from components import progress
from components.metric_text import metric_text
from components.outcome import Step, ThresholdCheck
from components.wording import safe
from pipeline.runs.long_step import LongStep, how_far
from pipeline.runs.record import RunRecord
from pipeline.runs.setting_texts import report_command
from pipeline.terminal import SafeConsole

WIDTH_WHEN_PIPED = 120
WIDE = 115
"""Columns of a terminal from which on a bar has room for all that it may tell."""

NAME_WIDTH = 18
SECONDS_BETWEEN = 60.0
SHOWN_THRESHOLDS = 24
SHOWN_FAILED = 8
SIGNS = {
    "at_least": "≥",
    "at_most": "≤",
    "max_drop": "drop ≤",
    "max_rise": "rise ≤",
    "better_than_guessing": "guessing",
}
TITLES = {"pushed": "[green]pushed[/]", "not_blessed": "[yellow]not blessed[/]", "failed": "[red]failed[/]"}


class Screen:
    """Prints a run as it goes.

    Args:
        stream: Where to print. Bars appear only on a terminal, colours only where it has them.
        quiet: Whether to print nothing but how the run ended.
        verbose: Whether to print a line for what has one: an epoch.
        seconds_between: How long a step is at work, where there is no bar, before a line says so, and then the next.
    """

    def __init__(
        self,
        stream: TextIO,
        *,
        quiet: bool = False,
        verbose: bool = False,
        seconds_between: float = SECONDS_BETWEEN,
    ) -> None:
        terminal = stream.isatty()
        self._quiet = quiet
        self._verbose = verbose
        self._seconds_between = seconds_between
        self._long_step: LongStep | None = None
        self._console = SafeConsole(file=stream, width=None if terminal else WIDTH_WHEN_PIPED, soft_wrap=not terminal)

    @property
    def descriptor(self) -> int:
        """The system's number of where it prints."""
        return self._console.file.fileno()

    def start(self, name: str, home: str, doubt: str = "") -> None:
        """Says what begins, and what of its settings may not be meant."""
        self._print(f"[bold]{escape(name)}[/] → {escape(home)}")
        if doubt:
            self._print(f" [yellow]![/] {escape(doubt)}")

    def note(self, text: str) -> None:
        """Says what to know before the run begins."""
        self._print(escape(text))

    @contextmanager
    def working(self, name: str) -> Iterator[None]:
        """Shows that a step is at work: on a terminal with a bar as soon as it reports progress."""
        if self._quiet:
            yield
            return
        step = LongStep(name, self._seconds_between)
        with ExitStack() as shown:
            shown.enter_context(progress.heard_by(step.hear))
            if self._console.is_terminal:
                shown.enter_context(self._bar(step))
            else:
                shown.enter_context(self._lines(step))
            if self._verbose:
                shown.enter_context(progress.heard_by(self._line))
            yield

    def still_working(self) -> None:
        """Prints how far the step at work is, if it has been long since the last line and there is no bar."""
        if self._long_step and self._long_step.is_due():
            name, seconds, text = self._long_step.told()
            self._print(f" [dim]…[/] {name:<{NAME_WIDTH}} {_duration(seconds):>8}  {escape(text)}".rstrip())

    @contextmanager
    def _lines(self, step: LongStep) -> Iterator[None]:
        self._long_step = step
        try:
            yield
        finally:
            self._long_step = None

    def _line(self, state: progress.Progress) -> None:
        if state.line:
            self._print(f"   {escape(state.line)}")

    @contextmanager
    def _bar(self, step: LongStep) -> Iterator[None]:
        narrow = self._console.width < WIDE
        with Progress(
            SpinnerColumn(),
            TextColumn("{task.description}"),
            BarColumn(bar_width=10 if narrow else 24),
            TextColumn("{task.fields[detail]}", markup=False),
            *([] if narrow else [TimeElapsedColumn()]),
            _Remaining(step),
            console=self._console,
            transient=True,
            # What libraries print isn't for the screen, whichever way they take.
            redirect_stdout=False,
            redirect_stderr=False,
        ) as bar:
            name = step.name if narrow else f"{step.name:<{NAME_WIDTH}}"
            task = bar.add_task(name, total=None, detail="")

            def show(state: progress.Progress) -> None:
                bar.update(task, completed=state.done, total=state.total, detail=safe(how_far(state)))

            with progress.heard_by(show):
                yield

    def step(self, step: Step, note: str = "") -> None:
        """Prints a finished step."""
        took = "[dim]  cached[/]" if step.cached else f"{_duration(step.seconds):>8}"
        mark = "[dim]=[/]" if step.cached else "[green]✓[/]"
        self._print(f" {mark} {step.name:<{NAME_WIDTH}} {took}  {escape(note)}".rstrip())

    def step_failed(self, step: Step) -> None:
        """Prints the step that failed."""
        self._print(f" [red]✗ {step.name:<{NAME_WIDTH}} {_duration(step.seconds):>8}[/]")

    def finish(self, record: RunRecord) -> None:
        """Prints the thresholds and the outcome; of a failure the cause, the place and the cure."""
        failed = [result for result in record.thresholds if not result.passed]
        for result in failed:
            if result.guessing:
                self._console.print(f"[yellow]{escape(result.guessing)}.[/]")
        if record.thresholds and not self._quiet:
            self._console.print(_thresholds(record.thresholds))
        self._beside(record)
        for note in () if self._quiet else record.notes:
            self._console.print(escape(note), soft_wrap=True)
        if record.status == "not_blessed":
            names = _first("; ", [_name(result) for result in failed], SHOWN_FAILED)
            self._console.print(f"Not blessed, nothing was pushed. Failed: {escape(names)}")
        if record.model_uri:  # of a run that failed after its push, too: it is served
            self._console.print(f"Model:  {escape(record.model_uri)}")
        if record.report:
            self._console.print(f"Report: {escape(record.report)}")
        elif any(step.artifacts for step in record.steps) and (command := report_command(record)):
            # Of a process that was ended: this one doesn't import what draws it.
            self._console.print(f"Report: `{escape(command)}` draws it", soft_wrap=True)
        self._console.print(f"Log:    {escape(record.log)}")
        title = TITLES[record.status]
        nothing_to_do = " (nothing to do: every step was cached)" if record.steps and _all_cached(record) else ""
        self._console.print(f"[bold]{title}[/] in {_duration(record.seconds).strip()}{nothing_to_do}")
        if record.error:
            self._error(record.error.cause, record.error.place, record.error.cure)

    def _beside(self, record: RunRecord) -> None:
        """Prints where the model stands beside simple ones."""
        if self._quiet or record.yardstick is None or not (lines := record.yardstick.beside(record.metrics)):
            return
        self._console.print(f"On {record.yardstick.rows_in_words}:")
        for line in lines:
            self._console.print(f"  {line}", soft_wrap=True)

    def _print(self, text: str) -> None:
        if not self._quiet:
            self._console.print(text)

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
            escape(result.metric),
            escape(result.slice),
            "none" if result.value is None else metric_text(result.metric, result.value),
            bound_of(result),
            "" if result.baseline is None else metric_text(result.metric, result.baseline),
            _verdict(result),
        )
    if len(results) > len(shown):
        table.add_row(f"and {len(results) - len(shown)} more", "", "", "", "", "see `transferline runs --json`")
    return table


def _name(result: ThresholdCheck) -> str:
    return "better than guessing" if result.guessing else f"{result.metric} in {result.slice}"


def bound_of(result: ThresholdCheck) -> str:
    """Returns what the value was held against."""
    return f"{SIGNS[result.kind]} {result.bound_text}"


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


class _Remaining(ProgressColumn):
    """The time that remains of what is counted, where that can be told."""

    def __init__(self, step: LongStep) -> None:
        super().__init__(Column(no_wrap=True))
        self._step = step

    def render(self, task: Task) -> Text:
        """Returns the column's text."""
        left = self._step.seconds_left()
        return Text("" if left is None else f"{_duration(math.ceil(left)).replace('.0 s', ' s')} left")
