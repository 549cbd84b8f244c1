"""`transferline lineage`."""

from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table

from pipeline.commands.options import AsJson, Name, OutputDir, Settings, with_runs
from pipeline.commands.output import console, print_json
from pipeline.metadata import lineage as traced
from pipeline.metadata.history import read_history
from pipeline.runs.home import catalog_files
from pipeline.runs.record import RunStore


def lineage(
    name: Name,
    model: Annotated[
        str, typer.Argument(metavar="[MODEL]", help="A pushed version, its folder, or an artifact; the last pushed.")
    ] = "",
    output_dir: OutputDir = "",
    settings: Settings = None,
    as_json: AsJson = False,
) -> None:
    """Trace a model back to the data it was made of, and to the catalog file that said how."""
    config = with_runs(name, output_dir=output_dir, settings=settings)
    history = read_history(config)
    origins = traced.lineage(history, model or traced.last_pushed(history))
    origins += catalog_files(origins, RunStore(config.home).runs())
    if as_json:
        print_json([origin.model_dump() for origin in origins])
        return
    table = Table(box=None, header_style="bold")
    for column in ("what", "made", "run"):
        table.add_column(column, no_wrap=True)
    table.add_column("where", overflow="fold")
    for origin in origins:
        where = f"{origin.uri}\n{origin.details}" if origin.details else origin.uri
        table.add_row(escape(origin.name), origin.made, origin.run_id, escape(where))
    console().print(table)
