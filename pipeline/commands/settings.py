"""`transferline settings`."""

import json
from collections.abc import Sequence
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from components.errors import TransferlineError
from pipeline.commands.options import AsJson, DataDir, Name, OutputDir, Settings, configured
from pipeline.commands.output import console, print_json
from pipeline.config.overrides import suggestion
from pipeline.config.reference import Group, Setting, groups_of

COLUMNS = ("setting", "now", "default", "type")
WIDEST = 26

KeyPrefix = Annotated[str, typer.Argument(metavar="[KEYPREFIX]", help="Only those that begin so, as trainer.")]


def settings(
    name: Name,
    prefix: KeyPrefix = "",
    as_json: AsJson = False,
    data_dir: DataDir = "",
    output_dir: OutputDir = "",
    settings: Settings = None,
) -> None:
    """List every setting of a pipeline: its type, default and meaning, and what it is now."""
    config = configured(name, data_dir=data_dir, output_dir=output_dir, settings=settings)
    groups = _beginning(groups_of(config), prefix)
    if not groups:
        raise TransferlineError(
            f"{prefix}: there is no such setting{suggestion(prefix.split('.'), config.model_dump())}",
            cure=f"`transferline settings {name}` lists all.",
        )
    if as_json:
        print_json([setting.model_dump() for group in groups for setting in group.settings])
    else:
        _print(console(), groups)


def _beginning(groups: Sequence[Group], prefix: str) -> list[Group]:
    chosen = [
        group.model_copy(update={"settings": tuple(each for each in group.settings if each.key.startswith(prefix))})
        for group in groups
    ]
    return [group for group in chosen if group.settings]


def _print(screen: Console, groups: Sequence[Group]) -> None:
    rows = [[_cells(setting, there=group.there) for setting in group.settings] for group in groups]
    every = [COLUMNS, *(row for group in rows for row in group)]
    widths = [min(WIDEST, max(len(row[at]) for row in every)) for at in range(len(COLUMNS))]
    for group, cells in zip(groups, rows, strict=True):
        screen.print(f"[bold]{escape(group.key)}[/]  {escape(group.meaning)}".strip())
        table = Table(box=None, show_header=group is groups[0], header_style="dim", padding=(0, 2, 0, 0))
        for title, width in zip(COLUMNS, widths, strict=True):
            table.add_column(title, width=width, overflow="fold")
        table.add_column("meaning", overflow="fold")
        for setting, (key, now, *rest) in zip(group.settings, cells, strict=True):
            shown = escape(now) if now in ("", rest[0]) else f"[bold]{escape(now)}[/]"
            table.add_row(escape(key), shown, *map(escape, rest), escape(setting.meaning))
        screen.print(table)


def _cells(setting: Setting, *, there: bool) -> tuple[str, ...]:
    default = "(needed)" if setting.required else _shown(setting.default)
    return setting.key.rpartition(".")[2], _shown(setting.now) if there else "", default, setting.type


def _shown(value: Any) -> str:
    """Returns a value as `--set` takes it; of a mapping of groups only the names, of a list of groups only how many."""
    if isinstance(value, dict) and any(isinstance(each, dict) for each in value.values()):
        return ", ".join(value)
    if isinstance(value, list) and any(isinstance(each, dict) for each in value):
        return f"{len(value)} items"
    if value is None:
        return "none"
    return value if isinstance(value, str) and value else json.dumps(value, ensure_ascii=False)
