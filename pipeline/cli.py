"""The command `transferline`."""

import json
import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from components.errors import TransferlineError
from pipeline import launch, registry
from pipeline.config import PipelineConfig
from pipeline.data_sources import EmbeddedDigits, HiggsToy, write_to
from pipeline.overrides import apply_overrides
from pipeline.run_record import Counts, RunRecord, RunStore, public

WIDTH_WHEN_PIPED = 200

app = typer.Typer(
    help="Photos or CSV in, a validated, blessed and pushed model out.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)

Name = Annotated[str, typer.Argument(metavar="NAME", help="A pipeline of pipeline/catalog/.")]
DataDir = Annotated[str, typer.Option(metavar="DIR", help="The data, in place of the pipeline's own source.")]
OutputDir = Annotated[str, typer.Option(metavar="DIR", help="Where the pipeline's folder is; ~/transferline if unset.")]
Settings = Annotated[
    list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="A setting, as trainer.fine_tuning.epochs=3.")
]


@app.command()
def run(name: Name, data_dir: DataDir = "", output_dir: OutputDir = "", settings: Settings = None) -> None:
    """Run a pipeline here. Exit status: 0 pushed or nothing to do, 3 not blessed, 1 failed."""
    record = launch.run(_config(name, data_dir, output_dir, settings or []))
    raise typer.Exit(launch.EXIT_STATUS[record.status])


@app.command()
def runs(
    name: Name,
    output_dir: OutputDir = "",
    as_json: Annotated[bool, typer.Option("--json", help="As JSON, newest first.")] = False,
) -> None:
    """List a pipeline's runs, the newest first."""
    records = RunStore(_config(name, "", output_dir, []).home).runs()
    if as_json:
        sys.stdout.write(json.dumps(public(records), indent=2, allow_nan=False) + "\n")
    else:
        Console(highlight=False, width=None if sys.stdout.isatty() else WIDTH_WHEN_PIPED).print(_table(records))


@app.command()
def data(
    name: Annotated[str, typer.Argument(metavar="NAME", help="A pipeline whose data is embedded or simulated.")],
    out: Annotated[Path, typer.Option(metavar="FILE", help="Where to write it.")],
    rows: Annotated[int, typer.Option(min=1, help="How many rows, of what is simulated.")] = 12_000,
    seed: Annotated[int, typer.Option(min=0, help="Same seed, same file.")] = 0,
) -> None:
    """Write a pipeline's own data to a file or folder."""
    source = registry.load(name).source
    if isinstance(source, HiggsToy):
        source = HiggsToy(rows=rows, seed=seed)
    elif not isinstance(source, EmbeddedDigits):
        raise TransferlineError(
            f"the pipeline '{name}' has no data of its own to write", cure="use digits or higgs_toy, or download it"
        )
    write_to(source, out)
    sys.stdout.write(f"{out}\n")


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


def _config(name: str, data_dir: str, output_dir: str, settings: list[str]) -> PipelineConfig:
    given = [f"data.path={data_dir}"] * bool(data_dir) + [f"output_dir={output_dir}"] * bool(output_dir)
    return apply_overrides(registry.load(name), [*settings, *given])


def _table(records: list[RunRecord]) -> Table:
    table = Table(box=None, header_style="bold")
    for column in ("run", "status", "seconds", *Counts.model_fields, "accuracy"):
        table.add_column(column, no_wrap=True)
    table.add_column("model or error", overflow="fold")
    for record in records:
        counts = [f"{count:,}" for count in record.counts.model_dump().values()]
        accuracy = record.metrics.get("accuracy")
        last = record.error.cause.splitlines()[0] if record.error else record.model_uri
        table.add_row(
            record.run_id,
            record.status.replace("_", " "),
            f"{record.seconds:.0f}",
            *counts,
            "" if accuracy is None else f"{accuracy:.4f}",
            escape(last),
        )
    return table
