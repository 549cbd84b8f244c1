"""`transferline rollback`."""

import sys
from typing import Annotated

import typer

from pipeline.commands.options import AsJson, Name, OutputDir, Wait, tell_on_stderr, with_runs
from pipeline.commands.output import print_json
from pipeline.commands.run_lists import list_runs
from pipeline.runs.rollback import roll_back


def rollback(
    name: Name,
    version: Annotated[str, typer.Argument(metavar="VERSION", help="The number of an earlier pushed version.")],
    output_dir: OutputDir = "",
    wait: Wait = False,
    as_json: AsJson = False,
) -> None:
    """Push an earlier version again: as a copy with a higher number, which TensorFlow Serving takes."""
    config = with_runs(name, output_dir=output_dir)
    done = roll_back(config, version, wait=wait, tell=tell_on_stderr)
    list_runs(config)
    if as_json:
        print_json(done.model_dump())
        return
    sys.stdout.write(
        f"{name}: version {done.to_version} is pushed again, in place of {done.from_version}\n"
        f"Model: {done.model_uri}\n"
        f"The model of version {done.from_version} isn't pushed again by a run, unless with --push-again: "
        f"before the next `transferline run {name}`, change what made it bad.\n"
    )
