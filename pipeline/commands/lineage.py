"""`transferline lineage`."""

from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table

from pipeline.commands.options import AsJson, Name, OutputDir, Settings, with_runs
from pipeline.commands.output import console, print_json
from pipeline.metadata.history import read_history
from pipeline.runs.origins import origins


def lineage(
    name: Name,
    model: Annotated[
        str, typer.Argument(metavar="[MODEL]", help="A pushed version, its folder, or an artifact; what is served.")
    ] = "",
    output_dir: OutputDir = "",
    settings: Settings = None,
    as_json: AsJson = False,
) -> None:
    """Trace a model back to the data it was made of, and to the catalog file that said how."""
    config = with_runs(name, output_dir=output_dir, settings=settings)
    found = origins(config, read_history(config), model)
    if as_json:
        print_json([origin.model_dump() for origin in found])
        return
    table = Table(box=None, header_style="bold")
    for column in ("what", "made", "run"):
        table.add_column(column, no_wrap=True)
    table.add_column("where", overflow="fold")
    for origin in found:
        where = f"{origin.uri}\n{origin.details}" if origin.details else origin.uri
        table.add_row(escape(origin.name), origin.made, escape(origin.run_id), escape(where))
    console().print(table)
