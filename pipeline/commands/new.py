"""`transferline new`."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.commands.output import console

if TYPE_CHECKING:
    from pathlib import Path

    from pipeline.new.catalog_file import Draft

NewName = Annotated[str, typer.Argument(metavar="NAME", help="The pipeline's name: small letters, digits and _.")]
Images = Annotated[str, typer.Option(metavar="DIR", help="Photos: class folders, an archive or a manifest.")]
Csv = Annotated[str, typer.Option(metavar="FILE", help="Rows: CSV, TSV, Parquet; a file or a folder of them.")]
Label = Annotated[str, typer.Option(metavar="COLUMN", help="The column with the class: its name, or its place from 0.")]
Header = Annotated[bool | None, typer.Option(help="Whether the first line names the columns; looks if unset.")]
Out = Annotated[str, typer.Option(metavar="FILE", help="Where to write; pipeline/catalog/NAME.py if unset.")]
Force = Annotated[bool, typer.Option("--force", help="Replace the file if there is one.")]


def new(
    name: NewName,
    images: Images = "",
    csv: Csv = "",
    label: Label = "",
    header: Header = None,
    out: Out = "",
    force: Force = False,
) -> None:
    """Look at photos or rows, and write a catalog file for them that is ready to run."""
    from components.errors import TransferlineError  # noqa: PLC0415
    from pipeline.new import catalog_file  # noqa: PLC0415

    if bool(images) == bool(csv) or bool(csv) != bool(label):
        raise TransferlineError(
            "photos or rows are needed, and of rows the column with the class",
            place=f"transferline new {name}",
            cure="give --images FOLDER, or --csv FILE --label COLUMN",
        )
    catalog_file.check_name(name)
    path = catalog_file.target_of(name, out, force=force)
    given = images or csv
    data = given if "://" in given else os.path.abspath(os.path.expanduser(given))
    draft = _draft_for_photos(name, data) if images else _draft_for_rows(name, data, label, header)
    catalog_file.write(catalog_file.render(draft, path), path)
    _show(draft, path, out)


def _draft_for_photos(name: str, data: str) -> Draft:
    from pipeline.new.photo_pipeline import draft_for_photos  # noqa: PLC0415
    from pipeline.profile.photos import look_at_photos  # noqa: PLC0415

    return draft_for_photos(name, look_at_photos(data))


def _draft_for_rows(name: str, data: str, label: str, header: bool | None) -> Draft:
    from pipeline.new.row_pipeline import draft_for_rows  # noqa: PLC0415
    from pipeline.profile.rows import look_at_rows  # noqa: PLC0415

    return draft_for_rows(name, look_at_rows(data, label, header=header))


def _show(draft: Draft, path: Path, out: str) -> None:
    from rich.markup import escape  # noqa: PLC0415

    screen = console()
    screen.print(escape(draft.data), soft_wrap=True)
    for warning in draft.warnings:
        screen.print(f"[yellow]![/] {escape(warning)}", soft_wrap=True)
    screen.print(f"Written: {escape(str(path))}", soft_wrap=True)
    command = f"{sys.executable} {path}" if out else f"transferline run {draft.config.name}"
    screen.print(f"Run it:  {escape(command)}", soft_wrap=True)
