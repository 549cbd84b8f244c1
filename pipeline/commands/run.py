"""`transferline run`."""

import typer

from pipeline.commands.options import DataDir, Name, OutputDir, Settings, configured


def run(name: Name, data_dir: DataDir = "", output_dir: OutputDir = "", settings: Settings = None) -> None:
    """Run a pipeline here. Exit status: 0 pushed or nothing to do, 3 not blessed, 1 failed."""
    from pipeline import launch  # noqa: PLC0415

    record = launch.run(configured(name, data_dir=data_dir, output_dir=output_dir, settings=settings))
    raise typer.Exit(launch.EXIT_STATUS[record.status])
