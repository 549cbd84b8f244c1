"""`transferline report`."""

import os
import sys
import webbrowser
from pathlib import Path
from typing import Annotated

import typer

from components.errors import TransferlineError
from pipeline.commands.options import Name, OutputDir, Settings, with_runs
from pipeline.commands.run_lists import list_runs
from pipeline.runs.log_file import redirect_output
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
) -> None:
    """Print where a run's report is, after making it if it is missing."""
    config = with_runs(name, output_dir=output_dir, settings=settings)
    store = RunStore(config.home)
    record = find_run(store.runs(), run_id or "latest")
    if record.status == "running":
        raise TransferlineError(f"The run {record.run_id} is still at work.", cure="Wait for its end.")
    if tensorboard:
        sys.stdout.write(f"{tensorboard_command(record)}\n")
        return
    if not record.report or not Path(record.report).is_file():
        with redirect_output(Path(os.devnull)):  # TFX's imports have much to say
            from pipeline.runs.report import write_report  # noqa: PLC0415 (imports TFX)

            record = write_report(config, record)
        store.save(record)
        list_runs(config)
    elif index:
        list_runs(config)
    page = Path(record.report).with_name("index.html") if index else Path(record.report)
    sys.stdout.write(f"{page}\n")
    if open_it:
        webbrowser.open(page.as_uri())
