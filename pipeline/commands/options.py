"""Arguments and options that several commands share."""

import os
import sys
from collections.abc import Callable
from typing import Annotated

import typer

from pipeline.config import Pipeline
from pipeline.config.overrides import apply_overrides
from pipeline.lookup import files
from pipeline.lookup.files import Note
from pipeline.runs.home import refuse_another


def _pipelines(incomplete: str) -> list[str]:
    if os.sep in incomplete:
        return files.paths(incomplete)
    return [name for name in files.names() if name.startswith(incomplete)]


Name = Annotated[
    str,
    typer.Argument(
        metavar="NAME",
        help="A pipeline: its name, as `transferline list` shows it, or the path of its file.",
        autocompletion=_pipelines,
    ),
]
DataDir = Annotated[str, typer.Option(metavar="DIR", help="The data, in place of the pipeline's own source.")]
OutputDir = Annotated[str, typer.Option(metavar="DIR", help="Where the pipeline's folder is; ~/transferline if unset.")]
Settings = Annotated[
    list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="A setting, as trainer.fine_tuning.epochs=3.")
]
Wait = Annotated[bool, typer.Option("--wait", help="Wait for who is at work on the pipeline, instead of failing.")]
AsJson = Annotated[bool, typer.Option("--json", help="As JSON.")]


def configured(
    name: str,
    *,
    data_dir: str = "",
    output_dir: str = "",
    settings: list[str] | None = None,
    tell: Callable[[Note], None] | None = None,
) -> Pipeline:
    """Returns a pipeline's configuration with what the command line says.

    Args:
        name: A name or a path.
        data_dir: The data; "" for the pipeline's own.
        output_dir: Where its folder is; "" for the pipeline's own.
        settings: More settings, as key=value.
        tell: Takes what someone should know of how the pipeline was found; a line each on stderr if unset.

    Raises:
        TransferlineError: There is no such pipeline, or the settings aren't valid.
    """
    file = files.find(name)
    for note in files.notes(file):
        (tell or tell_on_stderr)(note)
    given = [f"data.path={data_dir}"] * bool(data_dir) + [f"output_dir={output_dir}"] * bool(output_dir)
    return apply_overrides(files.load(file), [*(settings or []), *given])


def with_runs(name: str, *, data_dir: str = "", output_dir: str = "", settings: list[str] | None = None) -> Pipeline:
    """Returns what `configured` does, of a pipeline whose folder is to be read or written.

    Raises:
        TransferlineError: There is no such pipeline, the settings aren't valid, or the folder is another pipeline's.
    """
    config = configured(name, data_dir=data_dir, output_dir=output_dir, settings=settings)
    if taken_over := refuse_another(config):
        tell_on_stderr(taken_over)
    return config


def tell_on_stderr(text: object) -> None:
    """Says something that is no result, in a line."""
    sys.stderr.write(f"transferline: {text}\n")
