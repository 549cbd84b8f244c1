"""`transferline run`."""

import sys
from typing import Annotated

import typer

from pipeline.commands.options import DataDir, Name, OutputDir, Settings, with_runs
from pipeline.runs import launch
from pipeline.runs.home import claim


def run(
    name: Name,
    data_dir: DataDir = "",
    output_dir: OutputDir = "",
    settings: Settings = None,
    force: Annotated[
        bool, typer.Option("--force", help="Run even if nothing has changed since the last pushed run.")
    ] = False,
) -> None:
    """Run a pipeline here. Exit status: 0 pushed or nothing to do, 3 not blessed, 1 failed."""
    config = with_runs(name, data_dir=data_dir, output_dir=output_dir, settings=settings)
    last, state = (None, None) if force else launch.unchanged_run(config)
    if last:
        claim(config)
        sys.stdout.write(
            f"{name}: nothing changed since run {last.run_id} (pushed): {last.model_uri}. Use --force to run anyway.\n"
        )
        return
    record = launch.run(config, state)
    raise typer.Exit(launch.EXIT_STATUS[record.status])
