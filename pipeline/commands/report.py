"""`transferline report`."""

import os
import sys
import webbrowser
from pathlib import Path
from typing import Annotated

import typer

from components.errors import TransferlineError
from pipeline.commands.model_options import loading_tensorflow
from pipeline.commands.options import Name, OutputDir, Settings, with_runs
from pipeline.commands.run_lists import list_runs, with_report
from pipeline.prediction.output import check_out
from pipeline.runs.record import RunStore, find_run
from pipeline.runs.tensorboard import tensorboard_command


def report(
    name: Name,
    output_dir: OutputDir = "",
    settings: Settings = None,
    run_id: Annotated[str, typer.Option("--run", metavar="ID", help="A run; the last one if unset.")] = "",
    open_it: Annotated[bool, typer.Option("--open", help="Open it in the browser.")] = False,
    index: Annotated[bool, typer.Option("--index", help="The page over all runs.")] = False,
    tensorboard: Annotated[
        bool,
        typer.Option("--tensorboard", help="Print the command that shows the run's curves in TensorBoard instead."),
    ] = False,
    predictions: Annotated[
        Path | None,
        typer.Option(metavar="FILE.csv", help="Write what the run's model predicts of each test example instead."),
    ] = None,
) -> None:
    """Print where a run's report is, after making it if it is missing."""
    if predictions:
        predictions = Path(os.path.expanduser(predictions))
        check_out(predictions, (".csv",))
    config = with_runs(name, output_dir=output_dir, settings=settings)
    record = find_run(RunStore(config.home).runs(), run_id or "latest")
    if record.status == "running":
        raise TransferlineError(f"The run {record.run_id} is still at work.", cure="Wait for its end.")
    if tensorboard:
        sys.stdout.write(f"{tensorboard_command(record)}\n")
        return
    if predictions:
        with loading_tensorflow():
            from pipeline.runs.predictions_file import write_predictions  # noqa: PLC0415 (loads TensorFlow)
        count = write_predictions(config, record.run_id, predictions)
        sys.stdout.write(f"{count:,} predictions of the test written to {predictions}\n")
        return
    drawn = with_report(config, record)
    if index and drawn is record:
        list_runs(config)
    record = drawn
    page = Path(record.report).with_name("index.html") if index else Path(record.report)
    sys.stdout.write(f"{page}\n")
    if open_it:
        webbrowser.open(page.as_uri())
