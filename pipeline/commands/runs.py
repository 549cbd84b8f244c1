"""`transferline runs`."""

import sys

from rich.markup import escape
from rich.table import Table

from pipeline.commands.options import AsJson, Name, OutputDir, with_runs
from pipeline.commands.output import console, print_json
from pipeline.runs.record import Counts, RunRecord, RunStore, public


def runs(name: Name, output_dir: OutputDir = "", as_json: AsJson = False) -> None:
    """List a pipeline's runs, the newest first."""
    config = with_runs(name, output_dir=output_dir)
    records = RunStore(config.home).runs()
    if as_json:
        print_json(public(records))
    elif not records:
        sys.stdout.write(f"{name} hasn't run yet in {config.home}. Start it with: transferline run {name}\n")
    else:
        console().print(_table(records))


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
