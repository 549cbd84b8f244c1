"""`transferline evaluate`."""

import sys
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape
from rich.table import Table

from components.ingest.report import Quarantined
from components.wording import printable
from pipeline.commands.model_options import ModelVersion, given_paths, loading_tensorflow
from pipeline.commands.options import AsJson, Name, OutputDir, with_runs
from pipeline.commands.output import console, print_json
from pipeline.prediction.pushed_version import find_pushed

if TYPE_CHECKING:
    from pipeline.prediction.evaluate import EvaluationResult

LabelledFiles = Annotated[
    list[str],
    typer.Argument(metavar="FILES...", help="Class folders, an archive or a manifest of photos; or rows with labels."),
]


def evaluate(
    name: Name,
    files: LabelledFiles,
    as_json: AsJson = False,
    model_version: ModelVersion = None,
    output_dir: OutputDir = "",
) -> None:
    """Measure the pushed model on labelled photos or rows. Exit status: 0 some were, 1 none could be."""
    config = with_runs(name, output_dir=output_dir)
    folder = find_pushed(config, model_version)
    paths = given_paths(files)
    with loading_tensorflow():
        from pipeline.prediction import evaluate as evaluation  # noqa: PLC0415 (loads TensorFlow, which takes seconds)
    result = evaluation.evaluate(config.data, paths, folder, _tell)
    if as_json:
        print_json(result.model_dump())
    else:
        _print(result)
    raise typer.Exit(int(not result.evaluated))


def _tell(fault: Quarantined) -> None:
    sys.stderr.write(f"{printable(fault.place)}: {fault.reason}\n")


def _print(result: "EvaluationResult") -> None:
    screen = console()
    screen.print(f"Model: {escape(result.model)}", soft_wrap=True)
    screen.print(f"{result.evaluated:,} evaluated, {result.quarantined:,} quarantined")
    if not result.evaluated:
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
