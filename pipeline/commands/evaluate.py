"""`transferline evaluate`."""

import sys
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from components.ingest.report import Quarantined
from components.metric_text import metric_text
from components.wording import printable
from pipeline.commands.model_options import ModelVersion, given_paths, loading_tensorflow, read_as_trained
from pipeline.commands.options import AsJson, Name, OutputDir, Settings, with_runs
from pipeline.commands.output import console, print_json
from pipeline.runs.served import load_pushed, pushed_model

if TYPE_CHECKING:
    from pipeline.prediction.evaluate import EvaluationResult
    from pipeline.prediction.number_evaluation import NumberResult

LabelledFiles = Annotated[
    list[str],
    typer.Argument(metavar="FILES...", help="Class folders, an archive or a manifest of photos; or rows with labels."),
]


def evaluate(
    name: Name,
    files: LabelledFiles,
    as_json: AsJson = False,
    model_version: ModelVersion = None,
    settings: Settings = None,
    output_dir: OutputDir = "",
) -> None:
    """Measure the pushed model on labelled photos or rows. Exit status: 0 some were, 1 none could be."""
    config = with_runs(name, output_dir=output_dir, settings=settings)
    folder = pushed_model(config, model_version)
    paths = given_paths(files)
    with loading_tensorflow():
        # All of them load TensorFlow, which takes seconds.
        from pipeline.prediction import evaluate as evaluation  # noqa: PLC0415
        from pipeline.prediction.number_evaluation import NumberResult  # noqa: PLC0415
        from pipeline.prediction.pushed_model import PushedModel  # noqa: PLC0415
    model = load_pushed(config, model_version, folder, PushedModel)
    config = read_as_trained(config, model.folder, settings)
    result = evaluation.evaluate(config.data, paths, model, _tell)
    if as_json:
        print_json(result.model_dump())
    elif isinstance(result, NumberResult):
        _print_numbers(result)
    else:
        _print(result)
    raise typer.Exit(int(not result.evaluated))


def _tell(fault: Quarantined) -> None:
    sys.stderr.write(f"{printable(fault.place)}: {fault.reason}\n")


def _print_numbers(result: "NumberResult") -> None:
    screen = _screen_of(result)
    if not result.metrics:
        return
    screen.print(f"Metrics of {escape(printable(result.label))}, in its own unit, with 95 % intervals:")
    width = max(map(len, result.metrics))
    for name, metric in result.metrics.items():
        text = "none" if metric.value is None else metric_text(name, metric.value)
        if metric.low is not None and metric.high is not None:
            text += f" ({metric_text(name, metric.low)} to {metric_text(name, metric.high)})"
        screen.print(f"{name:<{width}}  {text}")
    if result.guessing is not None:
        screen.print(f"Always predicting the mean has an rmse of {metric_text('rmse', result.guessing)}.")
    if result.outside:
        labels = "label is" if result.outside == 1 else "labels are"
        screen.print(f"{result.outside:,} {labels} outside of what the training rows have.")


def _screen_of(result: "EvaluationResult | NumberResult") -> Console:
    """Prints what was evaluated, and returns where the rest goes."""
    screen = console()
    screen.print(f"Model: {escape(result.model)}", soft_wrap=True)
    screen.print(f"{result.evaluated:,} evaluated, {result.quarantined:,} quarantined")
    if result.weight is not None:
        screen.print(f"weight        {result.weight:,.6g} of all that were evaluated, by which the metrics count them")
    return screen


def _print(result: "EvaluationResult") -> None:
    screen = _screen_of(result)
    if result.accuracy is None:
        return
    interval = f"{result.accuracy_low:.4f} to {result.accuracy_high:.4f}"
    screen.print(f"accuracy      {result.accuracy:.4f} (95 % interval {interval})")
    if result.auc is not None:
        screen.print(f"auc           {result.auc:.4f}")
    screen.print(f"crossentropy  {result.crossentropy:.4f}")
    table = Table(box=None, header_style="bold")
    table.add_column("class", overflow="fold")
    for column in ("count", "predicted as", "precision", "recall"):
        table.add_column(column, justify="right")
    for each in result.classes:
        shares = ("" if share is None else f"{share:.4f}" for share in (each.precision, each.recall))
        table.add_row(escape(printable(each.name)), f"{each.count:,}", f"{each.predicted:,}", *shares)
    screen.print(table)
