"""The command `transferline`."""

import sys

import typer

from components.errors import TransferlineError
from pipeline.commands.check import check
from pipeline.commands.clean import clean
from pipeline.commands.compare import compare
from pipeline.commands.compile import compile_
from pipeline.commands.data import data
from pipeline.commands.doctor import doctor
from pipeline.commands.lineage import lineage
from pipeline.commands.new import new
from pipeline.commands.predict import predict
from pipeline.commands.report import report
from pipeline.commands.rollback import rollback
from pipeline.commands.run import run
from pipeline.commands.runs import runs
from pipeline.commands.submit import submit

app = typer.Typer(
    help="Photos or CSV in, a validated, blessed and pushed model out.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
COMMANDS = (new, check, run, runs, report, compare, predict, lineage, rollback, clean, compile_, submit, data, doctor)
for command in COMMANDS:
    app.command(command.__name__.rstrip("_"))(command)


def main() -> None:
    """Runs the command; a fault of the user's is a message, not a traceback."""
    try:
        app()
    except TransferlineError as error:
        sys.stderr.write(f"transferline: {error}\n")
        sys.exit(1)
    except OSError as error:  # of the output folder: a run's own errors are in its record
        sys.stderr.write(f"transferline: {error}\n  cure:  give another folder with --output-dir, or make room\n")
        sys.exit(1)
