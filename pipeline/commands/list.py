"""`transferline list`."""

from collections.abc import Sequence

from rich.markup import escape
from rich.table import Table

from pipeline.commands.options import AsJson, OutputDir, tell_on_stderr
from pipeline.commands.output import console, print_json
from pipeline.lookup.files import folder_notes
from pipeline.lookup.listing import Listed, listing


def list_(output_dir: OutputDir = "", as_json: AsJson = False) -> None:
    """List all pipelines that a name finds, with their files and last runs. Runs nobody's file."""
    found = listing(output_dir)
    for note in folder_notes():
        tell_on_stderr(note)
    if as_json:
        print_json([each.model_dump() for each in found])
    else:
        console().print(_table(found))
        _print_faults(found)


def _table(found: Sequence[Listed]) -> Table:
    table = Table(box=None, header_style="bold")
    for column in ("name", "kind", "last run", "status"):
        table.add_column(column, no_wrap=True)
    table.add_column("file", overflow="fold")
    for each in found:
        name = escape(each.name) if each.taken else f"  hidden: {escape(each.name)}"
        table.add_row(name, each.kind or "?", escape(each.last_run), each.status.replace("_", " "), escape(each.file))
    return table


def _print_faults(found: Sequence[Listed]) -> None:
    """Says which names find another file, or no pipeline, and why."""
    screen = console()
    for each in found:
        if each.fault:
            screen.print(f"[yellow]![/] {escape(f'{each.file}: {each.fault}')}", soft_wrap=True)
        if each.hidden_by:
            text = f"{each.file}: hidden by {each.hidden_by}, which is found before. Give its path if it is meant."
            screen.print(f"[yellow]![/] {escape(text)}", soft_wrap=True)
