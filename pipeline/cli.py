"""The command `transferline`: it imports the module of a subcommand only when that is called."""

import os
import sys
from importlib import import_module
from importlib.metadata import version
from typing import Annotated, Any

import typer
from typer.core import TyperCommand, TyperGroup
from typer.main import get_command

from components.cache_folder import home_folder
from components.errors import TransferlineError
from pipeline.first_process import leave_first_process
from pipeline.terminal import open_closed_streams, safe_streams, told

COMMANDS = {
    "new": "Look at photos or rows, and write a pipeline for them that is ready to run.",
    "list": "List all pipelines that a name finds, with their files and last runs. Runs nobody's file.",
    "check": "Check settings, data and environment in seconds, without running. Exit status: 0 no fault, 1 a fault.",
    "settings": "List every setting of a pipeline: its type, default and meaning, and what it is now.",
    "run": "Run a pipeline here. Exit status: 0 pushed or nothing to do, 3 not blessed, 1 failed, 128 + N by signal N.",
    "runs": "List a pipeline's runs, the newest first: those on this machine, or with --target those on a cluster.",
    "report": "Print where a run's report is, after making it if it is missing.",
    "compare": "Show two runs of a pipeline side by side: what came out, and what was different going in.",
    "predict": "Predict photos or rows by the last pushed model. Exit status: 0 some were, 1 none could be.",
    "evaluate": "Measure the pushed model on labelled photos or rows. Exit status: 0 some were, 1 none could be.",
    "lineage": "Trace a model back to the data it was made of, and to the catalog file that said how.",
    "rollback": "Push an earlier version again: as a copy with a higher number, which TensorFlow Serving takes.",
    "clean": "Free the disk of what old runs left. Shows what would go; removes it with --yes.",
    "compile": "Compile a pipeline for Kubeflow Pipelines or Vertex AI. Asks nothing of any network.",
    "submit": "Compile a pipeline and start it on Kubeflow Pipelines or Vertex AI, once or by a schedule.",
    "data": "Write a pipeline's own data to a file or folder.",
    "doctor": "Check whether this machine is fit for a run. Exit status: 0 no fault, 1 a fault.",
}
"""Each is a module of `pipeline.commands`, with its help, which `transferline --help` shows without importing it."""


class LazyGroup(TyperGroup):
    """A group that knows its commands by name and help, and imports the one that is given."""

    def __init__(self, **attributes: Any) -> None:
        super().__init__(**attributes)
        for name, text in COMMANDS.items():
            self.add_command(TyperCommand(name, help=text))

    def resolve_command(self, ctx: Any, args: list[str]) -> tuple[str | None, Any, list[str]]:
        """Returns the command that is given, imported."""
        name, command, rest = super().resolve_command(ctx, args)
        return name, load(name) if name and command else command, rest


def load(name: str) -> Any:
    """Imports a subcommand. Its function has the module's name, with _ where Python has a name like it."""
    module = import_module(f"pipeline.commands.{name}")
    single = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
    single.command(name)(getattr(module, name, None) or getattr(module, f"{name}_"))
    return get_command(single)


app = typer.Typer(cls=LazyGroup, no_args_is_help=True, pretty_exceptions_enable=False)


def _print_version(asked: bool) -> None:
    if asked:
        sys.stdout.write(f"transferline {version('transferline')}\n")
        raise typer.Exit


@app.callback()
def transferline(
    _: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    """Photos or CSV in, a validated, blessed and pushed model out."""


def main() -> None:
    """Runs the command; a fault of the user's is a message, not a traceback."""
    open_closed_streams()
    leave_first_process()
    os.environ.setdefault("HOME", str(home_folder()))  # for libraries, too: Keras would make a folder of the name ~
    with safe_streams():
        _run()


def _run() -> None:
    try:
        app()
    except (TransferlineError, OSError) as error:
        sys.exit(told(error))
