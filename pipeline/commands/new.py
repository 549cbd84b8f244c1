"""`transferline new`."""

import os
import shlex
from enum import Enum
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from components.errors import TransferlineError
from pipeline.commands.output import console
from pipeline.new import catalog_file
from pipeline.new.catalog_file import Draft, argument_of
from pipeline.new.photo_pipeline import draft_for_photos
from pipeline.new.row_pipeline import draft_for_rows
from pipeline.profile.photos import look_at_photos
from pipeline.profile.rows import look_at_rows


class TaskOfRows(str, Enum):
    """What a label can be."""

    classification = "classification"
    regression = "regression"


NewName = Annotated[str, typer.Argument(metavar="NAME", help="The pipeline's name: small letters, digits and _.")]
Images = Annotated[str, typer.Option(metavar="DIR", help="Photos: class folders, an archive or a manifest.")]
Csv = Annotated[str, typer.Option(metavar="FILE", help="Rows: CSV, TSV, Parquet; a file or a folder of them.")]
Label = Annotated[
    str,
    typer.Option(metavar="COLUMN", help="The column to predict, of classes or numbers: its name, or its place from 0."),
]
TaskChoice = Annotated[
    TaskOfRows | None, typer.Option("--task", help="Whether the label is a class or a number; looked for if unset.")
]
Header = Annotated[bool | None, typer.Option(help="Whether the first line names the columns; detected if unset.")]
Out = Annotated[str, typer.Option(metavar="FILE", help="Where to write; pipelines/NAME.py if unset.")]
Force = Annotated[bool, typer.Option("--force", help="Replace the file if there is one.")]


def new(
    name: NewName,
    images: Images = "",
    csv: Csv = "",
    label: Label = "",
    header: Header = None,
    task: TaskChoice = None,
    out: Out = "",
    force: Force = False,
) -> None:
    """Look at photos or rows, and write a pipeline for them that is ready to run."""
    _check_given(name, images, csv, label, task)
    catalog_file.check_name(name)
    path = catalog_file.target_of(name, out, force=force)
    given = images or csv
    data = given if "://" in given else os.path.abspath(os.path.expanduser(given))
    if images:
        draft = draft_for_photos(name, look_at_photos(data))
    else:
        draft = draft_for_rows(name, look_at_rows(data, label, header=header, task=task.value if task else ""))
    catalog_file.write(catalog_file.render(draft, path), path)
    _show(draft, path)


def _check_given(name: str, images: str, csv: str, label: str, task: TaskOfRows | None) -> None:
    """Refuses what is neither photos nor rows with the column of their class."""
    if images and csv:
        cause, cure = "Photos and rows are both given.", "Give --images or --csv: a pipeline learns from one of them."
    elif csv and not label:
        cause, cure = (
            "It isn't said which column of the rows is to be predicted.",
            f"Add --label COLUMN to --csv {csv}.",
        )
    elif images and task:
        cause, cure = "--task is for rows: photos are of classes.", "Leave it out."
    elif label and not csv:
        cause = "--label names a column of rows" + (", and photos have none." if images else ", and no rows are given.")
        cure = "Leave it out: the folders of photos name the classes." if images else "Give the rows with --csv FILE."
    elif not images and not csv:
        cause, cure = "Photos or rows are needed.", "Give --images FOLDER, or --csv FILE --label COLUMN."
    else:
        return
    raise TransferlineError(cause, place=f"transferline new {name}", cure=cure)


def _show(draft: Draft, path: Path) -> None:
    screen = console()
    screen.print(escape(draft.data), soft_wrap=True)
    for warning in draft.warnings:
        screen.print(f"[yellow]![/] {escape(warning)}", soft_wrap=True)
    screen.print(f"Written: {escape(str(path))}", soft_wrap=True)
    command = ["transferline", "run", argument_of(draft.config.name, path)]
    if not draft.settings:
        screen.print(f"Run it:  {escape(shlex.join(command))}", soft_wrap=True)
        return
    screen.print("A run would stop at the gate. Fix the data first, or let it pass:")
    settings = [word for setting in draft.settings for word in ("--set", setting)]
    screen.print(f"         {escape(shlex.join([*command, *settings]))}", soft_wrap=True)
