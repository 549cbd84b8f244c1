"""`transferline clean`."""

import os
from pathlib import Path
from typing import Annotated

import typer
from rich.filesize import decimal
from rich.markup import escape
from rich.table import Table

from pipeline.commands.options import AsJson, Name, OutputDir, Settings, Wait, tell_on_stderr, with_runs
from pipeline.commands.output import console, print_json
from pipeline.commands.run_lists import list_runs
from pipeline.config import PipelineConfig
from pipeline.metadata.connection import forget_artifacts, mark_deleted
from pipeline.runs import cleaning
from pipeline.runs.cleaning import Cleaning, Kind, Scope
from pipeline.runs.lock import held, refuse_held
from pipeline.runs.log_file import redirect_output

SHOWN = 20


def clean(
    name: Name,
    keep: Annotated[int, typer.Option(min=1, help="How many of the newest runs and versions stay.")] = 5,
    cache: Annotated[
        bool, typer.Option("--cache", help="Also artifacts and features: the next run computes anew.")
    ] = False,
    everything: Annotated[bool, typer.Option("--everything", help="The whole folder, pushed models too.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Remove it, instead of only showing it.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only show it, even with --yes.")] = False,
    wait: Wait = False,
    output_dir: OutputDir = "",
    settings: Settings = None,
    as_json: AsJson = False,
) -> None:
    """Free the disk of what old runs left. Shows what would go; removes it with --yes."""
    scope: Scope = "everything" if everything else "cache" if cache else "old"
    config = with_runs(name, output_dir=output_dir, settings=settings)
    cleaning.check_has_runs(config)  # a folder without runs gets no lock
    if yes and not dry_run:
        with (
            cleaning.makes_room_in(config, scope),
            held(config.home, "clean", wait=wait, tell=tell_on_stderr),
        ):
            planned = cleaning.plan(config, keep, scope)
            done = cleaning.carry_out(planned, lambda: _forget(config, planned, scope))
        list_runs(config)
    else:
        if not wait:
            refuse_held(config.home)
        done = cleaning.plan(config, keep, scope)
    if as_json:
        kinds = [kind.model_dump() for kind in done.kinds]
        print_json(done.model_dump(exclude={"forgotten", "needs_no_metadata"}) | {"freed": done.freed, "kinds": kinds})
    else:
        _print(done, scope)


def _forget(config: PipelineConfig, planned: Cleaning, scope: Scope) -> None:
    with redirect_output(Path(os.devnull)):  # ML Metadata logs what becomes an error
        if scope == "old":
            mark_deleted(config, planned.forgotten)
        else:
            forget_artifacts(config)


def _print(done: Cleaning, scope: Scope) -> None:
    screen = console()
    table = Table(box=None, header_style="bold")
    table.add_column(escape(done.home), overflow="fold")
    for column in ("size", "freed" if done.done else "would be freed", "then"):
        table.add_column(column, justify="right")
    for kind in (*done.kinds, Kind(name="in all", bytes=sum(each.bytes for each in done.contents), freed=done.freed)):
        table.add_row(escape(kind.name), *map(decimal, (kind.bytes, kind.freed, kind.bytes - kind.freed)))
    screen.print(table)
    verb = "removed" if done.done else "would go"
    largest_first = sorted(done.removed, key=lambda size: -size.bytes)
    for size in largest_first[:SHOWN]:
        screen.print(f"{verb}: {escape(size.path)} ({decimal(size.bytes)})", soft_wrap=True)
    if len(done.removed) > SHOWN:
        screen.print(f"{verb}: {len(done.removed) - SHOWN} more")
    if scope == "cache":
        screen.print("The next run computes everything anew, and has no earlier model to compare with.")
    if done.removed and not done.done:
        screen.print("Nothing was removed: add --yes to do it.")
